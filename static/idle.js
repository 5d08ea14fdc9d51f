// Idle lock. Real input, not streams and heartbeats, is told to the server at most
// once a minute; without any for data-lock-after seconds the screen goes to the
// lock page. Nothing on the device is wiped. Tabs of one browser share their time.
(function () {
  'use strict';
  var app = window.jingfang;
  var after = Number(document.body.dataset.lockAfter || 0) * 1000;
  if (!after) return;
  var told = 0;
  var last = Date.now();

  function lock() {
    document.dispatchEvent(new CustomEvent('jingfang:lock'));
    try { localStorage.setItem('locked', '1'); } catch (full) { /* the server locks all the same */ }
    location.assign('/lock?next=' + encodeURIComponent(location.pathname));
  }

  function tell() {
    told = Date.now();
    fetch('/activity', {
      method: 'POST',
      credentials: 'same-origin',
      headers: { 'X-CSRF-Token': app.csrf(), 'Accept': 'application/json' }
    }).then(function (answer) {
      if (answer.status === 401 || answer.status === 423) lock();
    }).catch(function () {
      told = 0; // the line is down; the next input tells again
    });
  }

  // active is called by the camera too, when it has read a code: somebody holds it.
  app.active = active;

  function active(event) {
    if (event && !event.isTrusted) return;
    last = Date.now();
    try { localStorage.setItem('active', String(last)); } catch (full) { /* this tab counts alone */ }
    if (last - told > 60000) tell();
  }
  ['pointerdown', 'keydown', 'wheel', 'touchstart'].forEach(function (name) {
    document.addEventListener(name, active, { capture: true, passive: true });
  });

  setInterval(function () {
    var shared = 0;
    try { shared = Number(localStorage.getItem('active')) || 0; } catch (closed) { shared = 0; }
    if (Date.now() - Math.max(last, shared) > after) lock();
  }, 5000);
})();
