// Scanning. A wedge scanner types like a very fast person and ends with Enter, Tab
// or a pause. Wherever the focus is, such a burst is taken out of the field it fell
// into and sent by the form with data-scan-form, whose input has data-scan. Codes
// that arrive while an answer is under way wait and travel together, one a line.
// The text is sent as it was read; folding and judging it is the server's work.
(function () {
  'use strict';
  var app = window.jingfang;
  var pause = 150;  // ms without a key that end a burst; radio scanners stumble by 100
  var burst = fresh();
  var timer = 0;
  var waiting = []; // codes not sent yet
  var sending = []; // codes under way
  var read = new Set(); // those of both that a scanner read; the others were typed
  var aimed = null; // the form that the camera was opened from

  function fresh() { return { text: '', first: 0, last: 0, field: null, before: '', alt: '' }; }

  function reset() {
    clearTimeout(timer);
    burst = fresh();
  }

  function scanForm() {
    var forms = Array.from(document.querySelectorAll('[data-scan-form]'));
    var own = forms.filter(function (f) { return f.contains(document.activeElement); })[0];
    if (!own && forms.indexOf(aimed) >= 0) own = aimed;
    return own || forms.filter(function (f) { return f.offsetParent !== null; })[0] || forms[0] || null;
  }

  function editable() {
    var e = document.activeElement;
    return e && /^(INPUT|TEXTAREA|SELECT)$/.test(e.tagName) ? e : null;
  }

  // character reads the key, or the place of the key where an input method for
  // Chinese has taken it (then key is "Process").
  function character(event) {
    if (event.key.length === 1) return event.key;
    if (event.key !== 'Process' && event.keyCode !== 229) return '';
    var letter = /^Key([A-Z])$/.exec(event.code);
    if (letter) return event.shiftKey ? letter[1] : letter[1].toLowerCase();
    var digit = /^(?:Digit|Numpad)([0-9])$/.exec(event.code);
    if (digit) return digit[1];
    return { Minus: event.shiftKey ? '_' : '-', Slash: '/', Period: '.', Equal: event.shiftKey ? '+' : '=', Semicolon: event.shiftKey ? ':' : ';' }[event.code] || '';
  }

  // fast tells a scanner from a person by the mean time between two keys.
  function fast(length, mean) {
    return burst.text.length >= length && (burst.last - burst.first) / (burst.text.length - 1) <= mean;
  }

  function take() {
    if (burst.field) burst.field.value = burst.before;
    var code = burst.text;
    reset();
    app.scan(code);
  }

  // separator knows how scanners type FNC1, ASCII 29, within a GS1 code: as Ctrl+]
  // or, on Windows, as Alt with 029 on the number pad. The keys that lead to it are
  // passed over and do not end the burst.
  function separator(event) {
    if (!burst.text || event.timeStamp - burst.last > pause) return false;
    if (/^(Control|Alt|Shift|CapsLock)$/.test(event.key)) return true;
    if (event.ctrlKey && !event.altKey && (event.key === ']' || event.code === 'BracketRight')) return grow('\x1d', event);
    var digit = event.altKey && !event.ctrlKey && /^Numpad([0-9])$/.exec(event.code);
    if (!digit) return false;
    burst.alt += digit[1];
    if (/^0*29$/.test(burst.alt)) { burst.alt = ''; return grow('\x1d', event); }
    burst.last = event.timeStamp;
    return true;
  }

  function grow(c, event) {
    burst.text += c;
    burst.last = event.timeStamp;
    return true;
  }

  document.addEventListener('keydown', function (event) {
    if (separator(event)) return;
    if (event.ctrlKey || event.altKey || event.metaKey || event.repeat || !scanForm()) return reset();
    var now = event.timeStamp;
    if (event.key === 'Enter' || event.key === 'Tab') {
      if (now - burst.last > pause || !fast(6, 50)) return reset();
      event.preventDefault();
      event.stopImmediatePropagation();
      return take();
    }
    var c = character(event);
    if (!c) return event.key === 'Shift' ? undefined : reset();
    if (now - burst.last > pause) begin(now);
    burst.text += c;
    burst.last = now;
    clearTimeout(timer);
    timer = setTimeout(function () { if (fast(10, 40)) take(); else reset(); }, pause);
  }, true);

  // begin notes what the field held, to give it back. Typing by hand with the
  // focus nowhere goes into the scan field, except on a touch screen, where that
  // would open the keyboard.
  function begin(now) {
    reset();
    if (!editable() && window.matchMedia('(pointer: fine)').matches) {
      var field = scanForm().querySelector('[data-scan]');
      if (field) field.focus({ preventScroll: true });
    }
    burst.first = now;
    burst.field = editable();
    burst.before = burst.field ? burst.field.value : '';
  }

  // scan sends one code, from the wedge or a test.
  app.scan = function (code) { app.scanAll([code]); };

  // scanAll sends codes that were read in the same moment, by the camera: a label
  // first, for the boxes beside it are that patient's.
  app.scanAll = function (codes) {
    var form = scanForm();
    if (!form) return;
    codes.filter(label).concat(codes.filter(function (c) { return !label(c); })).forEach(function (code) {
      var event = new CustomEvent('jingfang:scan', { bubbles: true, cancelable: true, detail: { code: code } });
      if (!form.dispatchEvent(event)) return;
      waiting.push(code);
      read.add(code);
    });
    send(form);
  };

  // aim makes a form the one that the camera scans into, as long as it stands.
  app.aim = function (form) { aimed = form; };

  // label knows a patient's label, with or without the prefix that some readers
  // put before what they read.
  function label(code) { return /^\s*(\][a-z][0-9])?jfp/i.test(code); }

  // next is what goes out together: boxes in one command; a patient's label, also
  // one among boxes, alone and in its turn.
  function next(field) {
    var first = waiting.findIndex(label);
    if (field.name !== 'codes' || first === 0) return waiting.slice(0, 1);
    return first < 0 ? waiting : waiting.slice(0, first);
  }

  // send shows what it sends; without htmx the form goes the ordinary way. A form
  // that has just come with an answer is not htmx's yet and waits a moment.
  function send(form) {
    if (form.dataset.sending || waiting.length === 0) return;
    if (form.closest('.htmx-added')) return void setTimeout(resume, 30);
    var field = form.querySelector('[data-scan]');
    field.value = next(field).join(' ');
    form.requestSubmit();
  }

  function resume() {
    var form = scanForm();
    if (form) send(form);
  }

  // 只查: the next codes are only looked at, not recorded; then the field records
  // again, so that nobody believes a box recorded that was only looked at.
  document.addEventListener('submit', function (event) {
    var form = event.target;
    var toggle = form.hasAttribute('data-scan-form') && form.querySelector('[data-look]');
    if (!toggle || !toggle.checked) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    var field = form.querySelector('[data-scan]');
    var codes = [field.value];
    if (waiting.length && field.value === next(field).join(' ')) {
      codes = next(field);
      waiting = waiting.slice(codes.length);
      codes.forEach(function (c) { read.delete(c); });
    }
    field.value = '';
    toggle.checked = false;
    if (codes.join('').trim() === '') return;
    if (!window.htmx) return void window.location.assign('/trace?q=' + encodeURIComponent(codes[0]));
    window.htmx.ajax('GET', '/trace/look?codes=' + encodeURIComponent(codes.join('\n')), { target: '#band' });
  }, true);

  // A code typed by hand while an answer is under way waits like a scanned one.
  document.addEventListener('submit', function (event) {
    var form = event.target;
    if (!form.dataset.sending) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    var field = form.querySelector('[data-scan]');
    if (field.value) waiting.push(field.value);
    field.value = '';
  }, true);

  // Runs before the command id is chosen, which depends on what is sent.
  document.addEventListener('htmx:configRequest', function (event) {
    var form = event.detail.elt;
    if (!form.hasAttribute('data-scan-form')) return;
    var field = form.querySelector('[data-scan]');
    var taken = app.take(form);
    event.detail.formData.set(field.name, taken.codes.join('\n'));
    if (taken.scanned) event.detail.formData.set('scanned', '1');
  }, true);

  // take gives what a form sends, out of what waits, and whether a scanner read it.
  app.take = function (form) {
    var field = form.querySelector('[data-scan]');
    sending = [field.value];
    if (waiting.length && field.value === next(field).join(' ')) {
      sending = next(field);
      waiting = waiting.slice(sending.length);
    }
    field.value = '';
    return { codes: sending, scanned: sending.every(function (c) { return read.has(c); }) };
  };

  // scanned says that what was taken has its answer; the next goes out.
  app.scanned = function () {
    sending.forEach(function (c) { if (waiting.indexOf(c) < 0) read.delete(c); });
    sending = [];
    setTimeout(resume, 0);
  };

  document.addEventListener('htmx:beforeRequest', function (event) {
    if (event.detail.elt.hasAttribute('data-scan-form')) event.detail.elt.dataset.sending = '1';
  });

  // Without an answer the codes come back into the field: Enter, or the next scan,
  // sends them again.
  document.addEventListener('htmx:afterRequest', function (event) {
    var form = app.asked(event);
    if (!form.hasAttribute('data-scan-form')) return;
    delete form.dataset.sending;
    var answered = event.detail.xhr && event.detail.xhr.status > 0;
    if (!answered && app.keeps && app.keeps(event)) return; // the device answers itself
    if (answered) return app.scanned();
    waiting = sending.concat(waiting);
    sending = [];
    var field = form.querySelector('[data-scan]');
    field.value = next(field).join(' ');
  });
})();
