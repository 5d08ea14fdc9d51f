// Scanning with the camera. Every scan field gets a button; it opens a viewfinder
// in the page, above the answers, and what is seen there goes the way of a hand
// scanner's codes (scan.js), all codes of one moment in one command. Where there is
// no camera a photo does. Pictures never leave the device (reader.js).
(function () {
  'use strict';
  var app = window.jingfang;
  var again = 3000;  // ms that a code must be out of sight to be a scan again
  var rest = 90000;  // ms without anything new until the camera rests
  var pace = 60;     // ms between two looks
  var open = null;   // the viewfinder while it stands in the page
  var stream = null; // the camera while it runs
  var turn = 0;      // counts starts and stops: what belongs to an earlier one is void
  var seen = new Map(); // code to the time it was last in sight
  var fresh = 0;     // when something new was seen
  var count = 0;     // codes sent since the viewfinder was opened
  var held = 0;      // until when what was said of a photo stays to be read

  var words = {
    start: '正在打开摄像头……',
    fetch: '正在取识别条码的文件，第一次要等一会儿……',
    look: '条码放进画面，可以几个一起。',
    photo: '正在识别照片……',
    none: '照片里没有找到条码。请靠近、对准、避开反光，再拍一张。',
    unreadable: '这张照片打不开。请用相机直接拍，或换一张 JPG、PNG。',
    rest: '摄像头停了，省电。点一下画面继续。',
    insecure: '这个地址不能用摄像头，要用 HTTPS 打开。可以拍照识别。',
    denied: '摄像头没有得到允许。请在浏览器的网站设置里允许，或拍照识别。',
    without: '没有找到摄像头。可以选一张照片识别。',
    busy: '摄像头打不开，可能别的程序正在用。关掉它再试，或拍照识别。',
    dark: '这个摄像头的灯打不开。',
    link: '这个二维码只是网址，里面没有追溯码。请对准追溯码。',
    old: '这个浏览器太旧，不能用摄像头识别条码。请用扫码枪，或输入末 4–6 位。',
    missing: '这个程序没有装识别条码的文件，不能用摄像头。请管理员运行 sh deploy/demo.sh 再启动；现在请用扫码枪。',
    lost: '识别条码的文件没有取到。请联网后关上再打开一次；现在请用扫码枪，或输入末 4–6 位。'
  };

  function copy(id) { return document.getElementById(id).content.firstElementChild.cloneNode(true); }
  function find(what) { return open.querySelector(what); }

  // say tells how things stand: state is start, live, rest, photo (no camera, but
  // photos) or none.
  function say(text, state) {
    if (!open) return;
    find('.finder-say').textContent = text;
    if (!state) return;
    open.dataset.state = state;
    document.body.classList.toggle('with-finder', state !== 'photo' && state !== 'none');
  }

  // hint says how things stand, unless a photo's answer is still to be read: a phone's
  // camera program sends the page out of sight and back.
  function hint(text, state) {
    say(Date.now() < held ? find('.finder-say').textContent : text, state);
  }

  // ----- the button in every scan field, wherever and whenever it is drawn
  function dress() {
    if (!document.getElementById('camera-button')) return;
    Array.from(document.querySelectorAll('[data-scan-form] .scan-field:not(.has-camera)')).forEach(function (field) {
      field.classList.add('has-camera');
      field.appendChild(copy('camera-button'));
      press();
    });
  }

  function press() {
    Array.from(document.querySelectorAll('[data-camera]')).forEach(function (b) { b.setAttribute('aria-pressed', String(!!open)); });
  }

  new MutationObserver(dress).observe(document.body, { childList: true, subtree: true });
  dress();

  // ----- the viewfinder
  function show(form) {
    open = copy('camera-finder');
    var before = document.getElementById('band') || document.getElementById('main');
    before.parentNode.insertBefore(open, before);
    app.aim(form);
    seen.clear();
    count = held = 0;
    press();
    start();
  }

  function close() {
    if (!open) return;
    stop();
    open.remove();
    open = null;
    document.body.classList.remove('with-finder');
    app.aim(null);
    press();
  }

  // stop lets the camera go; the viewfinder stays.
  function stop() {
    turn++;
    if (stream) stream.getTracks().forEach(function (t) { t.stop(); });
    stream = null;
    if (open) {
      find('video').srcObject = null;
      find('[data-torch]').hidden = true;
      draw([]);
    }
  }

  function camera() {
    if (!window.isSecureContext || !navigator.mediaDevices) return Promise.reject(new Error('insecure'));
    return navigator.mediaDevices.getUserMedia({ audio: false, video: { facingMode: { ideal: 'environment' }, width: { ideal: 1920 }, height: { ideal: 1080 } } });
  }

  function why(error) {
    if (error.message === 'insecure') return 'insecure';
    return { NotAllowedError: 'denied', SecurityError: 'denied', NotFoundError: 'without', OverconstrainedError: 'without' }[error.name] || 'busy';
  }

  // start asks for the camera at once, within the press of the button, and for the
  // reader beside it.
  function start() {
    stop();
    var mine = turn;
    hint(words.start, 'start');
    var eye = camera().then(function (s) {
      if (mine === turn) return attach(mine, s);
      s.getTracks().forEach(function (t) { t.stop(); });
      throw new Error('late');
    });
    eye.catch(function () {});
    app.reader().then(function (reader) {
      return eye.then(function () { if (mine === turn) run(mine, reader); }, function (e) { if (mine === turn) say(words[why(e)], 'photo'); });
    }, function (e) { if (mine === turn) fail(e.message); });
  }

  function fail(reason) {
    stop();
    say(words[reason] || words.lost, 'none');
  }

  // attach shows what the camera sees, also while the reader is still on its way.
  function attach(mine, s) {
    var video = find('video');
    stream = s;
    video.srcObject = s;
    video.play().catch(function () { /* it was stopped before it began */ });
    s.getVideoTracks()[0].addEventListener('ended', function () { if (mine === turn) { stop(); say(words.busy, 'photo'); } });
    hint(words.fetch, 'start');
  }

  function run(mine, reader) {
    find('[data-torch]').setAttribute('aria-pressed', 'false');
    hint(words.look, 'live');
    fresh = Date.now();
    look(mine, reader, 0);
  }

  // ----- looking
  // visible is the part of the picture that the viewfinder shows: what is not seen
  // is not scanned.
  function visible(video) {
    var w = video.videoWidth, h = video.videoHeight;
    if (!w || video.readyState < 2 || !video.clientWidth) return null;
    var scale = Math.max(video.clientWidth / w, video.clientHeight / h);
    var cut = { w: Math.min(w, Math.round(video.clientWidth / scale)), h: Math.min(h, Math.round(video.clientHeight / scale)) };
    cut.x = Math.floor((w - cut.w) / 2);
    cut.y = Math.floor((h - cut.h) / 2);
    return cut;
  }

  function look(mine, reader, failed) {
    if (mine !== turn) return;
    if (failed > 10) return fail('lost');
    if (Date.now() - fresh > rest) { stop(); return say(words.rest, 'rest'); }
    var video = find('video'), cut = visible(video);
    lamp();
    function next(failures) { setTimeout(look, pace, mine, reader, failures); }
    if (!cut) return next(failed);
    createImageBitmap(video, cut.x, cut.y, cut.w, cut.h).then(function (picture) {
      return reader.read(picture, false);
    }).then(function (found) {
      if (mine === turn) take(found, cut);
      next(0);
    }).catch(function () { next(failed + 1); });
  }

  // lamp offers the light of a camera that has one; some say so only after a while.
  function lamp() {
    var button = find('[data-torch]'), track = stream.getVideoTracks()[0];
    if (button.hidden && !button.dataset.dark) button.hidden = !(track.getCapabilities && track.getCapabilities().torch);
  }

  // bare is a link with no number in it that could be a code: boxes bear such for
  // advertising, beside the trace code.
  function bare(text) { return /^https?:/i.test(text) && !/[0-9]{14}/.test(text); }

  function take(found, cut) {
    draw(found, cut);
    var now = Date.now(), links = 0;
    var codes = found.map(function (f) { return f.text; }).filter(function (text) {
      var last = seen.get(text);
      seen.set(text, now);
      if (last && now - last < again) return false;
      if (bare(text)) { links++; return false; }
      return true;
    });
    if (codes.length) send(codes, '已读 ' + (count + codes.length) + ' 个。同一个要再扫，先移开 3 秒。');
    else if (links) say(words.link);
  }

  // send is also a sign of life: who holds a box before the camera is not idle.
  function send(codes, text) {
    fresh = Date.now();
    count += codes.length;
    if (app.active) app.active();
    say(text);
    app.scanAll(codes);
  }

  // draw outlines what is in sight, with a tick in the middle of what counts.
  function draw(found, cut) {
    var marks = find('.finder-marks');
    marks.textContent = '';
    if (!found.length) return;
    marks.setAttribute('viewBox', '0 0 ' + cut.w + ' ' + cut.h);
    var size = cut.w / 16;
    found.forEach(function (f) {
      var x = 0, y = 0;
      f.corners.forEach(function (c) { x += c.x / 4; y += c.y / 4; });
      shape('polygon', { points: f.corners.map(function (c) { return c.x + ',' + c.y; }).join(' '), 'class': bare(f.text) ? 'finder-other' : 'finder-code' });
      if (bare(f.text)) return;
      shape('circle', { cx: x, cy: y, r: size * .7 });
      shape('polyline', { points: [[-.35, 0], [-.1, .28], [.38, -.26]].map(function (p) { return (x + p[0] * size) + ',' + (y + p[1] * size); }).join(' ') });
    });
    function shape(name, attributes) {
      var made = document.createElementNS('http://www.w3.org/2000/svg', name);
      Object.keys(attributes).forEach(function (k) { made.setAttribute(k, attributes[k]); });
      marks.appendChild(made);
    }
  }

  // ----- a photo: taken on purpose, so everything in it is sent, also what was in
  // sight a moment ago
  function photo(file) {
    var form = open;
    held = Date.now() + 60000;
    say(words.photo);
    app.reader().then(function (reader) {
      return createImageBitmap(file).then(function (picture) { return reader.read(picture, true); }, function () { throw new Error('unreadable'); });
    }).then(function (found) {
      held = Date.now() + 5000;
      if (form !== open) return;
      var codes = Array.from(new Set(found.map(function (f) { return f.text; }))).filter(function (text) { return !bare(text); });
      codes.forEach(function (text) { seen.set(text, Date.now()); });
      if (codes.length) send(codes, '照片里读到 ' + codes.length + ' 个码。');
      else say(found.length ? words.link : words.none);
    }).catch(function (e) {
      held = Date.now() + 5000;
      if (form === open) say(words[e.message] || words.lost);
    });
  }

  function torch(button) {
    var on = button.getAttribute('aria-pressed') !== 'true';
    stream.getVideoTracks()[0].applyConstraints({ advanced: [{ torch: on }] }).then(function () {
      button.setAttribute('aria-pressed', String(on));
    }, function () {
      button.dataset.dark = '1';
      button.hidden = true;
      say(words.dark);
    });
  }

  document.addEventListener('click', function (event) {
    var button = event.target.closest('[data-camera]');
    if (button) return open ? close() : show(button.closest('form'));
    if (!open || !open.contains(event.target)) return;
    if (event.target.closest('[data-close]')) return close();
    if (event.target.closest('[data-torch]') && stream) return torch(event.target.closest('[data-torch]'));
    if (open.dataset.state === 'rest' && !event.target.closest('label')) start();
  });

  document.addEventListener('change', function (event) {
    var input = event.target;
    if (!open || !open.contains(input) || !input.files || !input.files[0]) return;
    photo(input.files[0]);
    input.value = ''; // the same photo may be chosen again
  });

  document.addEventListener('keydown', function (event) {
    if (event.key === 'Escape') close();
  });

  // Out of sight the camera is off; the lock closes it.
  document.addEventListener('visibilitychange', function () {
    if (!open || open.dataset.state === 'photo' || open.dataset.state === 'none') return;
    if (document.hidden) stop();
    else start();
  });
  window.addEventListener('pagehide', close);
  document.addEventListener('jingfang:lock', close);
})();
