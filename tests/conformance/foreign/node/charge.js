// A whole session by a charger whose protocol others wrote. Usage: node charge.js LIBRARY VERSION ENDPOINT IDENTITY KEY TOKEN
// It ends with 0 once it was told to stop and has said so, and prints as JSON what it was answered and asked.
"use strict";

const [library, version, endpoint, identity, password, token] = process.argv.slice(2);
const at = (minutes) => new Date(Date.now() + minutes * 60_000).toISOString();
const asked = [];
const answered = {};

let stopped;
const told = new Promise((resolve) => (stopped = resolve));

/** What the charger answers to whatever it is asked. */
function answer(action, params) {
  asked.push([action, params]);
  if (action === "RemoteStopTransaction" || action === "RequestStopTransaction") setImmediate(stopped);
  if (action === "GetConfiguration") return { configurationKey: [{ key: "HeartbeatInterval", readonly: false, value: "60" }] };
  if (action === "GetVariables") {
    const values = params.getVariableData.map((data) => ({ ...data, attributeStatus: "Accepted", attributeValue: "60" }));
    return { getVariableResult: values };
  }
  if (action === "GetLocalListVersion") return version === "ocpp1.6" ? { listVersion: 0 } : { versionNumber: 0 };
  if (action === "ClearCache" || action === "TriggerMessage" || action === "SendLocalList") return { status: "Accepted" };
  return { status: "Accepted" };
}

/** Connect with ocpp-rpc. Every answer of ours and every call to it is held against the schemas. */
async function withRpc() {
  const { RPCClient } = require("ocpp-rpc");
  const strictMode = ["ocpp1.6", "ocpp2.0.1"]; // its schemas of 2.1 have other names than it looks for
  const options = { endpoint, identity, password, protocols: [version], strictMode, reconnect: false };
  const client = new RPCClient(options);
  client.on("strictValidationFailure", (failure) => fail(`strict: ${require("util").inspect(failure, { depth: 6 })}`));
  client.handle(({ method, params }) => answer(method, params));
  await client.connect();
  return { call: (action, params) => client.call(action, params), close: () => client.close({ code: 1000 }) };
}

/** Connect with ocpp-ws-io, as strict. */
async function withWsIo() {
  const { OCPPClient, SecurityProfile } = require("ocpp-ws-io");
  const options = { endpoint, identity, password, protocols: [version], strictMode: true, reconnect: false };
  const client = new OCPPClient({ ...options, securityProfile: SecurityProfile.BASIC_AUTH });
  client.on("strictValidationFailure", (failure) => fail(`strict: ${require("util").inspect(failure, { depth: 6 })}`));
  client.handle((action, { params }) => answer(action, params));
  await client.connect();
  return { call: (action, params) => client.call(version, action, params), close: () => client.close({ code: 1000 }) };
}

function fail(why) {
  process.stderr.write(`${why}\n`);
  process.exit(1);
}

async function charge16(call) {
  answered.boot = await call("BootNotification", { chargePointVendor: "Foreign", chargePointModel: library.slice(0, 20) });
  await call("StatusNotification", { connectorId: 1, errorCode: "NoError", status: "Preparing" });
  answered.authorized = await call("Authorize", { idTag: token });
  const start = { connectorId: 1, idTag: token, meterStart: 1000, timestamp: at(-30) };
  const { transactionId } = (answered.started = await call("StartTransaction", start));
  const values = [{ timestamp: at(-20), sampledValue: [{ value: "2800" }] }];
  await call("MeterValues", { connectorId: 1, transactionId, meterValue: values });
  answered.heartbeat = await call("Heartbeat", {});
  await told;
  const stop = { transactionId, meterStop: 5000, timestamp: at(0), reason: "Remote", idTag: token };
  answered.stopped = await call("StopTransaction", stop);
}

async function charge2x(call) {
  const station = { vendorName: "Foreign", model: library.slice(0, 20) };
  answered.boot = await call("BootNotification", { chargingStation: station, reason: "PowerUp" });
  const status = { timestamp: at(-40), connectorStatus: "Occupied", evseId: 1, connectorId: 1 };
  await call("StatusNotification", status);
  const idToken = { idToken: token, type: "ISO14443" };
  answered.authorized = await call("Authorize", { idToken });
  const event = (eventType, seqNo, minutes, value, more) =>
    call("TransactionEvent", {
      eventType,
      seqNo,
      timestamp: at(minutes),
      triggerReason: "MeterValuePeriodic",
      transactionInfo: { transactionId: `foreign-${library}`, chargingState: "Charging" },
      evse: { id: 1, connectorId: 1 },
      meterValue: [{ timestamp: at(minutes), sampledValue: [{ value, measurand: "Energy.Active.Import.Register" }] }],
      ...more,
    });
  answered.started = await event("Started", 0, -30, 1000, { idToken });
  await event("Updated", 1, -20, 2800);
  answered.heartbeat = await call("Heartbeat", {});
  await told;
  answered.stopped = await event("Ended", 2, 0, 5000);
}

async function main() {
  const { call, close } = library === "ocpp-rpc" ? await withRpc() : await withWsIo();
  await (version === "ocpp1.6" ? charge16(call) : charge2x(call));
  await close();
  process.stdout.write(JSON.stringify({ answered, asked }));
  process.exit(0);
}

main().catch((error) => fail(error.stack));
