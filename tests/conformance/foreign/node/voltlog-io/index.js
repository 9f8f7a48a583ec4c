// Stands in for the logger that ocpp-ws-io asks for, which not every npm registry has: it takes all and says nothing.
"use strict";

const silent = () => undefined;
const logger = { child: () => logger };
for (const level of ["trace", "debug", "info", "warn", "error", "fatal", "log", "flush", "close"]) logger[level] = silent;

exports.createLogger = () => logger;
exports.prettyTransport = silent;
exports.consoleTransport = silent;
