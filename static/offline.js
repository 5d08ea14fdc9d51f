// The weak link. A command of the table that finds no network goes into the sealed
// queue (sealed.js) and desk.js answers in the server's place. As soon as the line
// is back the queue is sent in order, each command once: its id is the one it was
// made with. Nobody switches a mode. What the server refuses then goes to the duty
// holder and holds nothing up.
(function () {
  'use strict';
  var app = window.jingfang;
  var store = app.store;
  var body = document.body;
  var spot = document.getElementById('offline');
  var shell = !!document.querySelector('[data-shell]');
  var mine = spot && (shell || location.pathname === '/sessions/' + spot.dataset.session);
  var session = mine ? spot.dataset.session : '';
  var staff = body.dataset.staff || (shell ? localStorage.getItem('table-' + session) : '') || '';
  var unsent = 0;
  var ready = false;   // this page may queue
  var running = false; // this tab sends
  var pause = 2000;
  var lack = 3000;     // until the roster is asked for again that did not come
  var timer = 0;
  var version = 0;
  var stuck = {};      // what neither the server nor the duty holder would take, until a reload
  var line = app.offline = { session: session, staff: staff, roster: null };

  // ----- pages of the browser's own
  if (document.querySelector('[data-waiting]')) {
    window.addEventListener('online', function () { location.reload(); });
    setInterval(function () { fetch('/healthz', { cache: 'no-store' }).then(function (a) { if (a.ok) location.reload(); }, function () {}); }, 10000);
  }
  document.addEventListener('submit', leave, true);
  if (!staff || !store.possible) {
    if (mine && !store.possible) document.getElementById('off-none').hidden = false;
    return;
  }

  // leave refuses to log out while commands wait, and takes the keys along else.
  function leave(event) {
    var form = event.target;
    if (!form.hasAttribute('data-logout') || !staff || !store.possible || form.dataset.left) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    store.count(staff).then(function (n) {
      if (n) return app.band('unsent');
      return store.drop(staff).then(function () {
        form.dataset.left = '1';
        form.requestSubmit();
      });
    });
  }

  // ----- what waits, told to the header, to the other tabs and to the server
  function device() {
    var id = localStorage.getItem('device');
    if (!id) localStorage.setItem('device', id = app.uuid());
    return id;
  }

  function refreshCount() {
    return store.count(staff).then(function (n) {
      if (n !== unsent && ready) setTimeout(report, 300);
      unsent = line.unsent = n;
      localStorage.setItem('unsent-' + staff, String(n));
      document.dispatchEvent(new CustomEvent('jingfang:pending', { detail: n }));
    });
  }

  function report(gone) {
    if (!session || shell) return;
    var open = gone !== true && !document.hidden;
    ask('POST', '/sessions/' + session + '/devices', { device: device(), unsent: unsent, at_table: open || unsent > 0 }, true).catch(function () {});
  }

  // ask sends something by itself, which is no activity of the person. It fails
  // only where there is no answer at all.
  function ask(method, path, fields, last) {
    var stop = new AbortController();
    var limit = setTimeout(function () { stop.abort(); }, 20000);
    var options = { method: method, credentials: 'same-origin', signal: stop.signal, keepalive: !!last, cache: 'no-store',
      headers: { 'Accept': 'application/json', 'X-CSRF-Token': app.csrf(), 'X-Heartbeat': '1' } };
    if (fields) options.body = new URLSearchParams(fields);
    return fetch(path, options).then(function (answer) {
      if (answer.status === 204) return { status: 204, said: null };
      return answer.json().catch(function () { return null; }).then(function (said) { return { status: answer.status, said: said }; });
    }).then(function (a) { clearTimeout(limit); return a; }, function (e) { clearTimeout(limit); throw e; });
  }

  // ----- the roster
  function refreshRoster() {
    if (!session || shell) return;
    if (document.hidden || unsent) return void later();
    var had = line.roster || {};
    ask('GET', '/sessions/' + session + '/offline?v=' + version + '&mark=' + encodeURIComponent(had.mark || '')).then(function (a) {
      if (a.status !== 200 || !a.said || !a.said.packs) return;
      version = a.said.version;
      if (!a.said.facts && a.said.mark === had.mark) a.said.facts = had.facts;
      line.roster = a.said;
      return store.put(staff, 'roster:' + session, a.said);
    }).catch(function () {}).then(later);
  }

  // later asks again for a roster that did not come: without one the table cannot
  // work alone.
  function later() {
    if (line.roster) return;
    setTimeout(refreshRoster, lack);
    lack = Math.min(60000, lack * 2);
  }

  // ----- queueing
  line.queues = function () {
    var sign = document.getElementById('line');
    return unsent > 0 || shell || navigator.onLine === false || !!document.querySelector('#desk[data-off]') || sign && sign.dataset.state === 'off';
  };
  line.ready = function () { return ready; };

  // keep puts commands and the desk as it is then into the store.
  line.keep = function (entries, desk) {
    return store.add(staff, entries, 'desk:' + session, desk).then(refreshCount).then(function () { soon(1000); });
  };
  line.desk = function () { return store.get(staff, 'desk:' + session); };
  line.keepDesk = function (desk) { return store.put(staff, 'desk:' + session, desk); };

  // ----- sending. One tab at a time: Web Locks where there are any, else a lease.
  function alone(work) {
    if (navigator.locks) return navigator.locks.request('jingfang-send', { ifAvailable: true }, function (lock) { return lock ? work() : null; });
    var me = app.uuid(), now = Date.now();
    var held = (localStorage.getItem('lease') || '').split(' ');
    if (held[0] && now < Number(held[1])) return Promise.resolve();
    localStorage.setItem('lease', me + ' ' + (now + 30000));
    return new Promise(function (done) { setTimeout(done, 50); }).then(function () {
      if ((localStorage.getItem('lease') || '').split(' ')[0] !== me) return;
      var renew = setInterval(function () { localStorage.setItem('lease', me + ' ' + (Date.now() + 30000)); }, 10000);
      function end() { clearInterval(renew); localStorage.removeItem('lease'); }
      return work().then(end, function (e) { end(); throw e; });
    });
  }

  function soon(ms) {
    clearTimeout(timer);
    timer = setTimeout(drain, ms);
  }

  function drain() {
    if (running || !staff) return;
    running = true;
    var before = unsent;
    alone(sendAll).then(function () { pause = 2000; }, function () { pause = Math.min(60000, pause * 2); }).then(refreshCount).then(function () {
      running = false;
      if (unsent && Object.keys(stuck).length < unsent) soon(pause * (.7 + .6 * Math.random()));
      if (!unsent) settled(before > 0);
    }).catch(function () { running = false; soon(pause); });
  }

  // settled brings the server's desk back once everything has been sent.
  function settled(sent) {
    if (!session) return;
    if (shell) return void ask('GET', '/sessions/' + session + '/offline?v=0').then(function (a) { if (a.status < 500) location.reload(); }, function () { soon(5000); });
    if (!sent && !document.querySelector('#desk[data-off]')) return;
    document.getElementById('off-settled').dispatchEvent(new CustomEvent('settled'));
  }

  function sendAll() {
    if (shell) return ask('GET', '/sessions/' + session + '/offline?v=0').then(function (a) { if (a.status < 500) location.reload(); throw new Error('shell'); });
    return store.list(staff).then(function (list) {
      var e = list.filter(function (x) { return !stuck[x.n]; })[0];
      if (!e) return;
      return send(e, list).then(refreshCount).then(sendAll);
    });
  }

  // send sends one command and settles what became of it.
  function send(e, list) {
    var fields = Object.assign({}, e.fields, { command_id: e.id, done_at: e.at });
    if (e.path.slice(-6) === '/scans' && !fields.scanned) fields.typed = 'true';
    return ask('POST', e.path, fields).then(function (a) {
      if (a.status === 401 || a.status === 423 || a.status === 408 || a.status === 429 || a.status >= 500) throw new Error('later');
      var refused = e.tried ? again(e, a) : null;
      if (refused) return store.change(staff, [refused]);
      if (a.status >= 400) return conflict(e, a);
      return store.change(staff, moved(e, a.said, list), e.n);
    });
  }

  // again makes a new command of one that may have arrived before the link broke
  // and was refused or asked about then: nobody saw the answer, and it has been
  // done since. null when it is settled.
  function again(e, a) {
    var next = Object.assign({}, e, { id: app.uuid(), tried: false });
    next.fields = Object.assign({}, e.fields);
    delete next.fields.ask_left;
    if (a.status >= 400) return next;
    var said = a.said || {};
    if (said.not_recorded || said.over_limit) return next;
    var left = (said.answers || []).filter(function (x) { return x.tone !== 'good' && x.tone !== 'soft' && x.kind !== 'fact_alarm' && x.code; });
    if (said.late || !left.length || /\/undo$/.test(e.path)) return null;
    next.fields.codes = left.map(function (x) { return x.code; }).join('\n');
    return next;
  }

  // moved gives the waiting commands the visit that the server has for a label: the
  // patient may have been in the queue already.
  function moved(e, said, list) {
    if (!said || !said.visit || !e.fields.visit || said.visit === e.fields.visit) return [];
    var old = e.fields.visit;
    return list.filter(function (x) { return x.n > e.n && x.path.indexOf(old) >= 0; }).map(function (x) {
      return Object.assign({}, x, { path: x.path.replace(old, said.visit) });
    });
  }

  function conflict(e, a) {
    var visit = /visits\/([0-9a-f-]{36})\//.exec(e.path);
    var what = visit ? e.path.split('/').pop() : 'check_in';
    var refusal = a.said && a.said.error ? a.said.error.message : '服务器没有接受（' + a.status + '）';
    return ask('POST', '/sessions/' + e.session + '/offline/conflicts', { command_id: e.note, visit: visit ? visit[1] : '', what: what,
      codes: e.fields.codes || e.fields.code || '', refusal: refusal, done_at: e.at }).then(function (b) {
      if (b.status < 300) return store.change(staff, [], e.n);
      if (b.status === 401 || b.status === 423 || b.status >= 500) throw new Error('later');
      stuck[e.n] = true;
    });
  }

  // ----- start
  function urls() {
    var list = performance.getEntriesByType('resource').map(function (r) { return r.name; });
    Array.from(document.querySelectorAll('script[src],link[href],use')).forEach(function (x) {
      list.push((x.src || x.getAttribute('href') || '').split('#')[0]);
    });
    list = list.filter(function (u) { return u && /\/static\//.test(u); });
    return Array.from(new Set(list.map(function (u) { return new URL(u, location.href).href; }).concat(app.readerFiles()))).concat(['/waiting', '/sessions/' + session + '/shell']);
  }

  function serve() {
    if (!navigator.serviceWorker || shell) return;
    navigator.serviceWorker.register('/sw.js').then(function () { return navigator.serviceWorker.ready; }).then(function (r) {
      r.active.postMessage({ keep: urls() });
    }).catch(function () {});
  }

  function mark() {
    return crypto.subtle.digest('SHA-256', new TextEncoder().encode(app.csrf())).then(function (d) {
      return Array.from(new Uint8Array(d).slice(0, 8)).join('.');
    });
  }

  function begin() {
    // Where no table was ever opened nothing waits, and no store is made.
    if (!session && localStorage.getItem('unsent-' + staff) === null) return Promise.resolve();
    var known = shell ? Promise.resolve() : mark().then(function (m) { return session ? store.login(staff, m) : null; });
    return known.then(function () { return session ? store.get(staff, 'roster:' + session) : null; }).then(function (roster) {
      if (roster) roster.patients = roster.patients || []; // one that an older page has stored
      line.roster = roster;
      version = roster ? roster.version : 0;
      return refreshCount();
    }).then(function () {
      ready = !!session;
      if (session && !shell) {
        localStorage.setItem('table-' + session, staff);
        localStorage.removeItem('locked');
        serve();
        report();
        refreshRoster();
      }
      document.dispatchEvent(new CustomEvent('jingfang:offline-ready'));
      if (unsent || shell) soon(500);
    });
  }

  // start tries again where the store does not open at once; without one, as in a
  // private window, the table works with the link only.
  function start(tries) {
    begin().catch(function () { if (tries > 1) setTimeout(start, 1500, tries - 1); });
  }

  // The page of the table opens the shell again when the screen was locked: only
  // the server can unlock it.
  if (shell && localStorage.getItem('locked')) location.replace('/lock?next=' + encodeURIComponent('/sessions/' + session));
  else start(3);

  // The decoder of the camera is kept once this device has used it.
  document.addEventListener('jingfang:decoder', function () { if (ready) serve(); });

  setInterval(function () { if (ready && !shell) { report(); refreshRoster(); } }, 60000);
  window.addEventListener('online', function () { pause = 2000; soon(200); });
  window.addEventListener('storage', function (event) { if (event.key === 'unsent-' + staff) refreshCount().then(function () { if (!unsent && document.querySelector('#desk[data-off]')) settled(true); }); });
  window.addEventListener('pagehide', function () { if (ready && !unsent) report(true); });
  document.addEventListener('visibilitychange', function () { if (ready && !unsent) { report(); refreshRoster(); } });
  // 停止发药: whoever counts wants to know now which tables are there.
  var where = document.querySelector('.where');
  if (where) new MutationObserver(function () { if (ready) report(); }).observe(where, { childList: true, characterData: true, subtree: true });
  var sign = document.getElementById('line');
  if (sign) new MutationObserver(function () { if (unsent && sign.dataset.state === 'live') soon(100); }).observe(sign, { attributes: true, attributeFilter: ['data-state'] });
})();
