// The service worker: it keeps the shell of the table's page and the static files,
// so that a reload without a link finds them again. The network always comes
// first; nothing else is ever kept, no page that names anybody. It runs on HTTPS
// and localhost only.
(function () {
  'use strict';
  var name = 'jingfang-1';
  var patience = 8000; // ms that a page may take before the kept one is shown

  self.addEventListener('install', function (event) {
    event.waitUntil(caches.open(name).then(function (kept) { return kept.add('/waiting'); })
      .then(function () { return self.skipWaiting(); }));
  });

  self.addEventListener('activate', function (event) { event.waitUntil(self.clients.claim()); });

  // keepable are the only addresses that may be kept.
  function keepable(url) {
    return url.origin === self.location.origin && (url.pathname === '/waiting' || /^\/static\//.test(url.pathname) || /^\/sessions\/[0-9]+\/shell$/.test(url.pathname));
  }

  function keep(kept, address) {
    return fetch(address, { credentials: 'same-origin' }).then(function (answer) {
      if (answer.ok && !answer.redirected) return kept.put(address, answer);
    });
  }

  // A page of the table names what it needs; what is not named any more, an older
  // version's files or yesterday's shell, is forgotten.
  self.addEventListener('message', function (event) {
    var list = (event.data && event.data.keep || []).map(function (u) { return new URL(u, self.location.origin); }).filter(keepable);
    if (!list.length) return;
    var wanted = list.map(function (u) { return u.href; });
    event.waitUntil(caches.open(name).then(function (kept) {
      return Promise.all(wanted.map(function (u) { return keep(kept, u); })).then(function () { return kept.keys(); }).then(function (all) {
        return Promise.all(all.filter(function (q) { return wanted.indexOf(q.url) < 0; }).map(function (q) { return kept.delete(q); }));
      });
    }).catch(function () { /* the link broke: what is kept stays as it is */ }));
  });

  function fallback(path) {
    var table = /^\/sessions\/[0-9]+$/.test(path);
    return caches.match(table ? path + '/shell' : '/waiting').then(function (found) {
      return found || caches.match('/waiting');
    }).then(function (found) { return found || Response.error(); });
  }

  function page(event, path) {
    return new Promise(function (done) {
      var timer = setTimeout(function () { done(fallback(path)); }, patience);
      fetch(event.request).then(function (answer) { clearTimeout(timer); done(answer); },
        function () { clearTimeout(timer); done(fallback(path)); });
    });
  }

  self.addEventListener('fetch', function (event) {
    var url = new URL(event.request.url);
    if (event.request.method !== 'GET' || url.origin !== self.location.origin) return;
    if (event.request.mode === 'navigate') return event.respondWith(page(event, url.pathname));
    if (!/^\/static\//.test(url.pathname)) return;
    event.respondWith(fetch(event.request).catch(function () {
      return caches.match(event.request.url).then(function (found) { return found || Response.error(); });
    }));
  });
})();
