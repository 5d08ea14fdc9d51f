// The table without the server: answers a label, boxes, 撤销 and 诊毕 from the
// sealed roster and gives the commands to the queue (offline.js). What it cannot
// know, whether a colleague has the box by now, the server says later.
(function () {
  'use strict';
  var app = window.jingfang;
  var line = app.offline;
  if (!line || !line.session) return;
  var desk = null;               // the open visit and what was given today, once it is ours
  var work = Promise.resolve();  // one command after the other
  var paths = new RegExp('^/sessions/' + line.session + '/visits(?:/([0-9a-f-]{36})/(scans|undo|finish))?$');

  function find(root, name) { return root.querySelector('[data-slot="' + name + '"]'); }

  function copy(id) { return document.getElementById(id).content.firstElementChild.cloneNode(true); }

  function fold(text) { return text.normalize('NFKC').toUpperCase().replace(/[\s\u200b\ufeff]/g, '').replace(/^\][A-Z][0-9]/, ''); }

  function bytes(text) { return new TextEncoder().encode(text); }

  // digest is what the roster knows a label by.
  function digest(label) {
    return crypto.subtle.digest('SHA-256', bytes(label)).then(function (d) {
      return btoa(String.fromCharCode.apply(null, Array.from(new Uint8Array(d).slice(0, 12))));
    });
  }

  // visitOf is the id that the server gives a visit begun by a label among boxes.
  function visitOf(command) {
    var space = command.replace(/-/g, '').match(/../g).map(function (h) { return parseInt(h, 16); });
    return crypto.subtle.digest('SHA-1', new Uint8Array(space.concat(Array.from(bytes('visit'))))).then(function (d) {
      var b = new Uint8Array(d).slice(0, 16);
      b[6] = (b[6] & 0x0f) | 0x50;
      b[8] = (b[8] & 0x3f) | 0x80;
      var hex = Array.from(b, function (x) { return ('0' + x.toString(16)).slice(-2); }).join('');
      return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
    });
  }

  // ----- what is drawn
  function band(tone, text, count) {
    var made = copy('off-' + tone), area = document.getElementById('band');
    made.querySelector('p').textContent = text;
    if (count === undefined) made.querySelector('.band-figure').remove();
    else made.querySelector('.band-figure b').textContent = String(count);
    area.textContent = '';
    area.appendChild(made);
    document.dispatchEvent(new CustomEvent('jingfang:answer', { detail: area }));
  }

  function draw() {
    var made = desk.visit ? drawVisit() : copy('off-next');
    document.getElementById('desk').replaceWith(made);
    var field = made.querySelector('[data-scan]');
    if (field && window.matchMedia('(pointer: fine)').matches) field.focus({ preventScroll: true });
  }

  function drawVisit() {
    var made = copy('off-visit');
    var at = '/sessions/' + line.session + '/visits/' + desk.visit + '/';
    find(made, 'number').textContent = desk.number || '—';
    find(made, 'name').textContent = desk.name;
    find(made, 'about').textContent = desk.about;
    find(made, 'count').textContent = String(desk.codes.length);
    desk.codes.forEach(function (c) {
      var row = copy('off-line');
      find(row, 'drug').textContent = c.drug;
      find(row, 'tail').textContent = c.code.slice(-4);
      find(row, 'mark').textContent = c.known ? '' : '未核对';
      row.querySelector('input').value = c.code;
      find(made, 'lines').appendChild(row);
    });
    find(made, desk.codes.length ? 'empty' : 'box').remove();
    if (desk.codes.length) find(made, 'reasons').remove();
    Array.from(made.querySelectorAll('[data-act]')).forEach(function (f) { f.setAttribute('action', at + f.dataset.act); });
    return made;
  }

  // read takes the desk over as the server drew it last.
  function read() {
    var now = { visit: '', codes: [], given: desk ? desk.given : {} };
    var root = document.getElementById('desk');
    var form = root && root.querySelector('form[action$="/finish"]');
    if (!form) return now;
    now.visit = paths.exec(form.getAttribute('action'))[1];
    now.number = root.querySelector('.patient-number').textContent;
    now.name = root.querySelector('.patient-name').textContent;
    now.about = root.querySelector('.patient .muted').textContent;
    Array.from(root.querySelectorAll('form[action$="/undo"]')).forEach(function (f) {
      var drug = f.closest('li').querySelector('b');
      now.codes.push({ code: f.querySelector('input[name="code"]').value, drug: drug ? drug.textContent : '', known: true });
    });
    return now;
  }

  function ours() { return !!document.querySelector('#desk[data-off]'); }

  // ----- answers. Each gives the commands to queue and says the rest by the band.
  function known(p) { return { number: p.q ? String(p.q) : '', name: p.m, about: '编号 ' + p.n + ' · 断网，未核对过敏和上次取药', id: p.i }; }

  function checkIn(e) {
    var text = fold(e.fields.patient || '');
    var label = /^JFP/.test(text);
    if (label && !/^JFP[0-9A-HJKMNP-TV-Z]{17}$/.test(text)) return band('caution', '患者标签没有读完整，请再扫一次。');
    return (label ? digest(text) : Promise.resolve('')).then(function (key) {
      var p = line.roster.patients.filter(function (x) {
        return label ? (x.l || []).indexOf(key) >= 0 : x.n === text || 'ID:' + x.i === text;
      })[0];
      if (!p && !label) return void band('caution', '断网时只认得名单里的患者。请扫患者二维码，或输名单里的编号。');
      var who = p ? known(p) : { number: '', name: '名单外', about: '断网，查不到这张标签', id: key };
      if (desk.visit && (desk.id === who.id || p && p.v === desk.visit)) return void band('soft', who.name + ' 就诊中，可以扫药。', desk.codes.length);
      if (desk.visit && desk.codes.length && desk.again !== text && !e.fields.again) {
        desk.again = text;
        return void band('caution', '上一位还没有诊毕，已扫 ' + desk.codes.length + ' 盒。再扫一次同一张标签，就诊毕上一位并开始下一位。', desk.codes.length);
      }
      close();
      desk = Object.assign(who, { visit: e.fields.visit, codes: [], given: desk.given, again: '' });
      if (p) band('good', who.name + ' 开始就诊，请扫药。');
      else band('caution', '名单里没有这张标签，已先记下，联网后核对。可以扫药。');
      return [e];
    });
  }

  // close notes whose the boxes of the visit are, so that none is given twice.
  function close() {
    desk.codes.forEach(function (c) { desk.given[c.code] = desk.number || desk.name; });
    desk.visit = '';
    desk.codes = [];
  }

  // codesIn takes a scan apart: whole codes, also run together or within a link; the
  // end of one that a person typed; or what cannot be read.
  function codesIn(e) {
    var list = [], packs = line.roster.packs;
    (e.fields.codes || '').split(/[\s,;，；]+/).filter(Boolean).forEach(function (raw) {
      var text = fold(raw), tail = !e.fields.scanned && /^[0-9A-Z]{4,6}$/.test(text);
      var ends = tail ? Object.keys(packs).filter(function (c) { return c.slice(-text.length) === text && !has(c); }) : [];
      if (packs[text] !== undefined || has(text)) list.push(text);
      else if (ends.length === 1) { list.push(ends[0]); e.fields = Object.assign({}, e.fields, { chosen: '1' }); }
      else if (/^(?:[0-9]{20})+$/.test(text)) list = list.concat(text.match(/[0-9]{20}/g));
      else list.push((text.match(/(?:^|[^0-9])(8[0-9]{19})(?![0-9])/) || ['', '?' + raw])[1]);
    });
    return list;
  }

  function has(code) { return desk.codes.some(function (c) { return c.code === code; }); }

  function one(code) {
    var at = line.roster.packs[code];
    var drug = at === undefined ? null : line.roster.drugs[at];
    if (code[0] === '?') return { tone: 'caution', text: '没有读出追溯码：' + code.slice(1, 25) + '。没有记录，请再扫药盒上的追溯码。' };
    if (has(code)) return { tone: 'soft', text: '这盒已经扫过。' };
    if (desk.given[code]) return { tone: 'bad', text: '这盒刚才已发给 ' + desk.given[code] + (/^\d+$/.test(desk.given[code]) ? ' 号' : '') + '。请换一盒。' };
    if (drug && drug.loose) return { tone: 'caution', text: drug.n + ' 是按数量发的药，断网时记不了数量。请写在纸上，联网后补扫。' };
    if (drug) return { tone: 'good', text: drug.n, take: { code: code, drug: drug.n, known: true } };
    return { tone: 'caution', text: '未知的码，已记下，联网后核对。请先确认这盒药是本场带来的。', take: { code: code, drug: '未知的药', known: false } };
  }

  function scans(e) {
    if (desk.visit !== e.visit) return void band('bad', '这位患者的就诊已经结束。请扫下一位患者。');
    desk.again = '';
    var worst = null, taken = [], order = ['soft', 'good', 'caution', 'bad'];
    codesIn(e).forEach(function (code) {
      var said = one(code);
      if (!worst || order.indexOf(said.tone) > order.indexOf(worst.tone)) worst = said;
      if (!said.take) return;
      desk.codes.unshift(said.take);
      taken.push(code);
    });
    if (!worst) return void band('caution', '没有读到内容，请再扫一次。');
    band(worst.tone, worst.text, desk.codes.length);
    // A command that may have arrived must stay the same.
    if (e.tried) return [e];
    if (!taken.length) return;
    e.fields = Object.assign({}, e.fields, { codes: taken.join('\n') });
    return [e];
  }

  function undo(e) {
    var code = e.fields.code;
    if (!has(code)) return void band('soft', '这盒已不在列表里。', desk.codes.length);
    desk.codes = desk.codes.filter(function (c) { return c.code !== code; });
    band('good', '已撤销，请放回药箱。', desk.codes.length);
    return [e];
  }

  function finish(e) {
    if (desk.visit !== e.visit) return void band('soft', '已经诊毕，请扫下一位患者。');
    if (!desk.codes.length && !e.fields.no_drug_reason) return void band('caution', '这次没有发药。请选择不发药的原因，再点“诊毕”。');
    var n = desk.codes.length;
    if (!e.tried) delete e.fields.ask_left;
    close();
    band('good', '诊毕，共 ' + n + ' 盒，已记在本机。请扫下一位患者。');
    return [e];
  }

  // answer works one command through; e.visit and e.what say what it is.
  function answer(e) {
    if (!line.roster) return void app.band('lost');
    var stored = ours() && !desk ? line.desk() : Promise.resolve(null);
    return stored.then(function (kept) {
      if (!ours()) desk = read();
      else if (kept) desk = kept;
      if (e.what === 'scans' && /^JFP/.test(fold(e.fields.codes || ''))) return asLabel(e);
      return e;
    }).then(function (e) {
      return { check_in: checkIn, scans: scans, undo: undo, finish: finish }[e.what](e);
    }).then(function (entries) {
      return (entries ? line.keep(entries.map(clean), desk) : line.keepDesk(desk)).then(draw);
    });
  }

  function asLabel(e) {
    return visitOf(e.id).then(function (visit) {
      var fields = { patient: e.fields.codes, visit: visit, start: 'true' };
      if (e.fields.again) fields.again = e.fields.again;
      return Object.assign(e, { what: 'check_in', path: '/sessions/' + line.session + '/visits', fields: fields });
    });
  }

  // clean is a command as it waits: no token, and its id apart from its fields.
  function clean(e) {
    var fields = Object.assign({}, e.fields);
    delete fields.csrf;
    delete fields.command_id;
    return { session: line.session, path: e.path, fields: fields, id: e.id, note: app.uuid(), at: e.at, tried: e.tried };
  }

  function command(path, fields, tried) {
    var at = paths.exec(path);
    return { path: path, visit: at[1] || '', what: at[2] || 'check_in', fields: fields, id: fields.command_id || app.uuid(), at: new Date().toISOString(), tried: tried };
  }

  function take(e) {
    work = work.then(function () { return answer(e); }).catch(function () { app.band('lost'); }).then(function () { app.scanned(); });
    return work;
  }

  // ----- where commands come from: htmx that finds no network, htmx while others
  // wait, and the forms drawn here.
  function fieldsOf(config) {
    var fields = {};
    config.formData.forEach(function (value, key) { fields[key] = value; });
    return fields;
  }

  function concerns(config) { return line.ready() && line.roster && config && config.verb === 'post' && paths.test(config.path); }

  // keeps says before anybody complains that a failed command is in good hands.
  app.keeps = function (event) { return concerns(event.detail.requestConfig); };

  document.addEventListener('htmx:configRequest', function (event) {
    if (concerns({ verb: event.detail.verb, path: event.detail.path })) event.detail.timeout = 6000;
  });
  document.addEventListener('htmx:beforeRequest', function (event) {
    var config = event.detail.requestConfig;
    if (!concerns(config) || !line.queues()) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    take(command(config.path, fieldsOf(config), false));
  }, true);
  ['htmx:sendError', 'htmx:timeout'].forEach(function (name) {
    document.addEventListener(name, function (event) {
      var config = event.detail.requestConfig;
      if (concerns(config)) take(command(config.path, fieldsOf(config), true));
    });
  });

  document.addEventListener('submit', function (event) {
    var form = event.target;
    if (!form.hasAttribute('data-off')) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    var fields = {};
    new FormData(form).forEach(function (value, key) { fields[key] = value; });
    var field = form.querySelector('[data-scan]');
    if (field) {
      var got = app.take(form);
      fields[field.name] = got.codes.join('\n');
      if (got.scanned) fields.scanned = '1';
    }
    if (field && field.name === 'patient') Object.assign(fields, { visit: app.uuid(), start: 'true' });
    take(command(form.getAttribute('action'), fields, false));
  }, true);

  // A reload without the link finds the desk where it was.
  document.addEventListener('jingfang:offline-ready', function () {
    if (!document.querySelector('[data-shell]')) return;
    line.desk().then(function (kept) {
      desk = kept || { visit: '', codes: [], given: {} };
      if (!line.roster) return void band('bad', '这台设备上没有本场的名单。请联网后重新打开诊桌。');
      draw();
    });
  });
})();
