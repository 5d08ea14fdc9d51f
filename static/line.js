// The live line. The sse extension gets an EventSource of ours: one that notices a
// dead line by the missing beat, comes back by itself with growing, scattered
// pauses, and at once when the page becomes visible or the network returns. Every
// connect brings the whole board, so nothing is replayed. The header always says
// how things are.
(function () {
  'use strict';
  if (!window.htmx) return;
  var silence = 45000; // ms; the server sends the event beat three times in that
  var lines = [];
  var pending = 0;     // commands that wait on this device
  var lost = 0;        // since when the line is dead, or 0
  var heard = Date.now();
  var hidden = 0;

  function Line(url) {
    this.url = url;
    this.readyState = 0;
    this.tries = 0;
    this.heard = Date.now();
    this.listeners = [];
    this.late = false; // the server is there but cannot draw the board
    this.addEventListener('beat', function () {});
    this.addEventListener('stale', function () {});
    this.open();
    lines.push(this);
  }

  Line.prototype.open = function () {
    var line = this;
    clearTimeout(line.timer);
    if (line.source) line.source.close();
    var source = line.source = new EventSource(line.url);
    line.readyState = 0;
    line.heard = Date.now();
    line.listeners.forEach(function (l) { source.addEventListener(l.name, l.heard); });
    source.onopen = function (event) {
      line.readyState = 1;
      line.tries = 0;
      line.hear('open');
      if (line.onopen) line.onopen(event);
    };
    source.onerror = function (event) { line.fail(event); };
  };

  // fail waits 1, 2, 4 … 30 s, scattered, so that a server that comes back does
  // not meet all screens in the same second.
  Line.prototype.fail = function (event) {
    if (this.readyState === 2) return;
    this.source.close();
    this.readyState = 0;
    if (!lost) lost = Date.now();
    var wait = Math.min(30000, 1000 * Math.pow(2, this.tries)) * (.6 + .8 * Math.random());
    this.tries += 1;
    this.timer = setTimeout(this.open.bind(this), wait);
    tell();
    if (event && this.onerror) this.onerror(event);
  };

  // hear notes a sign of life; the event stale is one, but makes nothing fresh.
  Line.prototype.hear = function (name) {
    this.heard = Date.now();
    lost = 0;
    if (name === 'beat' || name === 'stale') this.late = name === 'stale';
    if (!this.late) heard = this.heard;
    tell();
  };

  Line.prototype.addEventListener = function (name, call) {
    var line = this;
    var l = { name: name, call: call, heard: function (event) { line.hear(name); call(event); } };
    line.listeners.push(l);
    if (line.source) line.source.addEventListener(name, l.heard);
  };

  Line.prototype.removeEventListener = function (name, call) {
    var source = this.source;
    this.listeners = this.listeners.filter(function (l) {
      if (l.name !== name || l.call !== call) return true;
      source.removeEventListener(name, l.heard);
      return false;
    });
  };

  Line.prototype.close = function () {
    clearTimeout(this.timer);
    this.readyState = 2;
    this.source.close();
    lines = lines.filter(function (l) { return l !== this; }, this);
    tell();
  };

  htmx.createEventSource = function (url) { return new Line(url); };

  // ----- what the header says
  function state() {
    if (lines.length === 0) return pending ? 'off' : '';
    if (navigator.onLine === false || lost && Date.now() - lost > 10000) return 'off';
    if (!lines.every(function (l) { return l.readyState === 1; })) return 'wait';
    return lines.some(function (l) { return l.late; }) ? 'late' : 'live';
  }

  function age(ms) {
    var s = Math.round(ms / 1000);
    if (s < 60) return s + ' 秒';
    return s < 3600 ? Math.floor(s / 60) + ' 分钟' : Math.floor(s / 3600) + ' 小时';
  }

  function tell() {
    var sign = document.getElementById('line');
    if (!sign) return;
    var now = state();
    var word = { live: '实时', wait: '重连中', off: '离线', late: '数据停在' }[now] || '';
    var old = age(Date.now() - heard);
    if (now === 'off') word += ' ' + old;
    if (now === 'late') word += ' ' + old + '前';
    if (pending) word += '·' + pending + ' 条待上传';
    var text = sign.querySelector('.line-word');
    if (text.textContent !== word) text.textContent = word;
    sign.dataset.state = now;
    sign.hidden = !now;
    var stale = now === 'off' || now === 'late';
    document.body.classList.toggle('is-stale', stale);
    if (!stale) return;
    Array.from(document.querySelectorAll('.age')).forEach(function (e) { e.textContent = old + '前'; });
  }

  document.addEventListener('jingfang:pending', function (event) {
    pending = event.detail;
    tell();
  });

  // ----- dead lines and returning ones
  function reopen() {
    lines.forEach(function (l) { l.tries = 0; l.open(); });
    tell();
    htmx.trigger(document.body, 'refetch');
  }

  setInterval(function () {
    lines.forEach(function (l) {
      if (l.readyState === 1 && Date.now() - l.heard > silence) l.fail();
    });
    tell();
  }, 1000);

  document.addEventListener('visibilitychange', function () {
    if (document.hidden) hidden = Date.now();
    else if (hidden && (Date.now() - hidden > 10000 || state() !== 'live')) reopen();
  });
  window.addEventListener('online', reopen);
  window.addEventListener('offline', tell);
  window.addEventListener('pageshow', function (event) { if (event.persisted) reopen(); });

  // The server ends a stream with the event named in sse-close when the login has
  // ended or may no longer see the page: ask for the page again and be led on. Not
  // twice within ten seconds, should the page itself be what is wrong.
  document.addEventListener('htmx:sseClose', function (event) {
    if (event.detail.type !== 'message') return;
    var last = Number(sessionStorage.getItem('bye')) || 0;
    if (Date.now() - last < 10000) return;
    sessionStorage.setItem('bye', String(Date.now()));
    location.reload();
  });
})();
