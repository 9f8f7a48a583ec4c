/** @file The service worker: shows notifications, and opens their page when one is tapped. It caches nothing. */

self.addEventListener("install", () => self.skipWaiting());

self.addEventListener("push", (event) => {
  let said = {};
  try {
    said = event.data?.json() ?? {};
  } catch {
    // What we did not write shows as nothing but the name of the page.
  }
  const title = String(said.title || self.location.hostname);
  event.waitUntil(
    self.registration.showNotification(title, {
      body: String(said.body || ""),
      tag: String(said.tag || ""),
      renotify: Boolean(said.tag),
      data: { path: String(said.path || "/") },
    }),
  );
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const there = new URL(event.notification.data.path, self.location.origin);
  if (there.origin !== self.location.origin) return;
  event.waitUntil(self.clients.openWindow(there.href));
});
