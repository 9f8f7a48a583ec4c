/** @file <notify-button data-key="…"> in a form: a press asks the browser for a subscription and sends it with the form. */

const bytesOf = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (each) => each.charCodeAt(0));

class NotifyButton extends HTMLElement {
  connectedCallback() {
    const can = "serviceWorker" in navigator && "PushManager" in window && "Notification" in window;
    this.part("cannot").hidden = can;
    this.part("ask").hidden = !can;
    this.querySelector("button").addEventListener("click", () => this.subscribe());
  }

  part(name) {
    return /** @type {HTMLElement} */ (this.querySelector(`[data-part=${name}]`));
  }

  async subscribe() {
    this.part("refused").hidden = true;
    try {
      if ((await Notification.requestPermission()) !== "granted") throw new Error("not granted");
      await navigator.serviceWorker.register("/service-worker.js");
      const worker = await navigator.serviceWorker.ready;
      const asked = { userVisibleOnly: true, applicationServerKey: bytesOf(this.dataset.key) };
      const subscription = await worker.pushManager.subscribe(asked).catch(async () => {
        // An older subscription was made for another key: it is of no use to anybody.
        await (await worker.pushManager.getSubscription())?.unsubscribe();
        return worker.pushManager.subscribe(asked);
      });
      const form = this.closest("form");
      form.elements.namedItem("subscription").value = JSON.stringify(subscription);
      form.submit();
    } catch {
      this.part("refused").hidden = false;
    }
  }
}

customElements.define("notify-button", NotifyButton);
