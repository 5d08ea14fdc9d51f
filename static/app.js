// Commands and small behaviours of every page. Plain scripts in the syntax of
// Chromium 83; each file is one subject and shares only window.jingfang.
(function () {
  'use strict';
  var app = window.jingfang = {};

  // uuid makes a version 4 id; crypto.randomUUID came with Chrome 92.
  app.uuid = function () {
    var b = crypto.getRandomValues(new Uint8Array(16));
    b[6] = (b[6] & 0x0f) | 0x40;
    b[8] = (b[8] & 0x3f) | 0x80;
    var hex = Array.from(b, function (x) { return ('0' + x.toString(16)).slice(-2); }).join('');
    return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
  };

  app.csrf = function () {
    var meta = document.querySelector('meta[name="csrf"]');
    return meta ? meta.content : '';
  };

  // asked is the element that made a request; when its answer has replaced it,
  // htmx names a parent in detail.elt.
  app.asked = function (event) {
    var config = event.detail.requestConfig;
    return config ? config.elt : event.detail.elt;
  };

  // band shows one of the answers the server has drawn into the page beforehand,
  // for the moment when it cannot be asked.
  app.band = function (name) {
    var made = document.getElementById('band-' + name);
    var area = document.getElementById('band');
    if (!made || !area) return;
    area.textContent = '';
    area.appendChild(made.content.cloneNode(true));
    document.dispatchEvent(new CustomEvent('jingfang:answer', { detail: area }));
  };

  // ----- command ids: a new one for each command, the old one for a command
  // whose answer never came, so that pressing again cannot do it twice.
  var unanswered = new WeakMap();

  function signature(path, data) {
    var parts = [path];
    data.forEach(function (value, key) {
      if (key !== 'command_id' && key !== 'csrf') parts.push(key + '=' + value);
    });
    return parts.join('\n');
  }

  document.addEventListener('htmx:configRequest', function (event) {
    var d = event.detail;
    if (d.verb === 'get' || !(d.formData.has('command_id') || d.elt.hasAttribute('data-command'))) return;
    var sign = signature(d.path, d.formData);
    var last = unanswered.get(d.elt);
    var id = last && last.sign === sign ? last.id : app.uuid();
    unanswered.set(d.elt, { sign: sign, id: id });
    d.formData.set('command_id', id);
  });

  // kept tells a command that found no network and is kept by the device.
  function kept(event) { return !!app.keeps && app.keeps(event); }

  document.addEventListener('htmx:afterRequest', function (event) {
    var status = event.detail.xhr ? event.detail.xhr.status : 0;
    var elt = app.asked(event);
    if (status > 0 && status < 500 || kept(event)) unanswered.delete(elt);
    settle(elt);
  });

  // ----- a command is sent once: a second press finds the button busy.
  function buttons(elt) {
    if (elt.tagName === 'FORM') return Array.from(elt.querySelectorAll('button:not([type="button"])'));
    return elt.tagName === 'BUTTON' ? [elt] : [];
  }

  function occupy(elt) {
    if (elt.hasAttribute('data-scan-form')) return;
    buttons(elt).forEach(function (b) { b.setAttribute('aria-busy', 'true'); });
  }

  function settle(elt) {
    buttons(elt).forEach(function (b) { b.removeAttribute('aria-busy'); });
  }

  document.addEventListener('htmx:beforeRequest', function (event) {
    if (event.detail.requestConfig.verb !== 'get') occupy(event.detail.elt);
  });

  document.addEventListener('click', function (event) {
    if (!event.target.closest('[aria-busy="true"]')) return;
    event.preventDefault();
    event.stopPropagation();
  }, true);

  document.addEventListener('submit', function (event) {
    var form = event.target;
    if (event.defaultPrevented || form.method !== 'post') return;
    var id = form.querySelector('input[name="command_id"]');
    if (id && !id.value) id.value = app.uuid();
    var token = form.querySelector('input[name="csrf"]');
    if (token && !token.value) token.value = app.csrf();
    // After this event, or the pressed button's own value would not be sent; and
    // not for ever, because a download leaves the page standing.
    setTimeout(occupy, 0, form);
    setTimeout(settle, 10000, form);
  });

  window.addEventListener('pageshow', function () {
    Array.from(document.forms).forEach(settle);
  });

  // ----- answers that cross. The live board, or another answer, may take the form
  // off the page that waits for its own answer.

  // htmx looks for the places of an answer below the root of what asked, which is no
  // more the document when that has been replaced.
  function rootOfAsker(options) {
    return options && options.composed ? Node.prototype.getRootNode.call(this, options) : document;
  }

  document.addEventListener('htmx:beforeRequest', function (event) {
    event.detail.elt.getRootNode = rootOfAsker;
  });

  // An answer does not replace what holds another one's form: the last one draws all
  // of it. Should that one fail, the page asks for what it has missed.
  var missed = false;

  function waits(place, but) {
    return Array.from(place.querySelectorAll('.htmx-request')).some(function (e) { return e !== but; });
  }

  document.addEventListener('htmx:beforeSwap', function (event) {
    if (!waits(event.detail.target, app.asked(event))) return;
    event.detail.swapOverride = 'none';
    missed = true;
  });

  document.addEventListener('htmx:afterRequest', function () {
    setTimeout(function () {
      if (!missed || document.querySelector('main .htmx-request')) return;
      missed = false;
      window.htmx.trigger(document.body, 'missed');
    }, 0);
  });

  // ----- answers: our own errors say where they go; anything else that is not an
  // answer of ours (a front server's page) is never put into the page.
  document.addEventListener('htmx:beforeSwap', function (event) {
    var xhr = event.detail.xhr;
    if (xhr && xhr.status >= 400 && xhr.getResponseHeader('HX-Retarget')) event.detail.shouldSwap = true;
  });
  document.addEventListener('htmx:responseError', function (event) {
    var xhr = event.detail.xhr;
    if (!xhr.getResponseHeader('HX-Retarget') && xhr.status !== 422) app.band('odd');
  });
  document.addEventListener('htmx:sendError', function (event) { if (!kept(event)) app.band('lost'); });
  document.addEventListener('htmx:timeout', function (event) { if (!kept(event)) app.band('lost'); });

  // ----- a changed row glows: rows carry data-row with a key unique in the page.
  var before = new Map();

  function rows(root) { return Array.from(root.querySelectorAll('[data-row]')); }

  function glow() {
    rows(document).forEach(function (row) {
      var was = before.get(row.dataset.row);
      if (before.size === 0 || was === row.textContent) return;
      row.classList.remove('glow');
      void row.offsetWidth; // lets the animation start again
      row.classList.add('glow');
      setTimeout(function () { row.classList.remove('glow'); }, 1300);
    });
    rows(document).forEach(function (row) { before.set(row.dataset.row, row.textContent); });
  }

  document.addEventListener('DOMContentLoaded', function () {
    rows(document).forEach(function (row) { before.set(row.dataset.row, row.textContent); });
  });
  document.addEventListener('htmx:afterSettle', glow);

  // ----- small controls
  document.addEventListener('click', function (event) {
    var step = event.target.closest('[data-step]');
    if (step) return stepBy(step);
    var pane = event.target.closest('[data-pane]');
    if (pane) return show(pane);
    var code = event.target.closest('button.code');
    if (code) return code.classList.toggle('whole');
    if (event.target.closest('[data-print]')) window.print();
    if (event.target.closest('.menu a')) document.getElementById('menu-open').checked = false;
  });

  function stepBy(button) {
    var input = button.parentElement.querySelector('input');
    var next = (parseInt(input.value, 10) || 0) + parseInt(button.dataset.step, 10);
    if (input.min !== '') next = Math.max(next, parseInt(input.min, 10));
    if (input.max !== '') next = Math.min(next, parseInt(input.max, 10));
    input.value = next;
    input.dispatchEvent(new Event('input', { bubbles: true }));
    input.dispatchEvent(new Event('change', { bubbles: true }));
  }

  // show turns to another column of a room on a phone.
  function show(tab) {
    var room = document.querySelector('.room');
    if (room) room.dataset.show = tab.dataset.pane;
    Array.from(tab.parentElement.children).forEach(function (t) {
      t.setAttribute('aria-selected', String(t === tab));
    });
  }

  // A wide table or row of links opens at what is marked as here: the month that is
  // now, the page that is open.
  document.querySelectorAll('[data-here]').forEach(function (here) {
    var box = here.closest('.table-wrap, .below');
    if (box) box.scrollLeft = here.offsetLeft + here.offsetWidth - box.clientWidth;
  });

  document.addEventListener('keydown', function (event) {
    var menu = document.getElementById('menu-open');
    if (event.key === 'Escape' && menu) menu.checked = false;
  });
})();
