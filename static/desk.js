// The table without the server: answers a label, boxes, 撤销 and 诊毕 from the
// sealed roster and gives the commands to the queue (offline.js). What it cannot
// know, whether a colleague has the box by now, the server says later.
(function () {
  'use strict';
  var app = window.jingfang;
  var line = app.offline;
  if (!line || !line.session) return;
  var view = app.deskView;
  var patience = 2500;           // ms that the server may take before the device answers; the command keeps its id
  var desk = null;               // the open visit and what was given today, once it is ours
  var work = Promise.resolve();  // one command after the other
  var pending = 0;               // those without an answer yet
  var paths = new RegExp('^/sessions/' + line.session + '/visits(?:/([0-9a-f-]{36})/(scans|undo|owed|finish))?$');

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

  // ----- what is drawn (deskview.js)
  function band(tone, text, count) { view.band(tone, text, count ? desk.codes : null); }

  function draw() {
    view.draw(desk, leftIn);
    hold();
  }

  // fresh is a desk without a visit that remembers what was given today. What boxes
  // hold is forgotten with a new roster, which knows it.
  function fresh() {
    var same = desk && desk.version === line.roster.version;
    return { visit: '', codes: [], asks: [], owed: [], given: desk ? desk.given : {}, left: same ? desk.left : {}, version: line.roster.version };
  }

  // read takes the desk over as the server drew it last.
  function read() {
    var now = fresh();
    var root = document.getElementById('desk');
    var form = root && root.querySelector('form[action$="/finish"]');
    if (!form) return now;
    function text(where) { var e = root.querySelector(where); return e ? e.textContent.trim() : ''; }
    now.visit = paths.exec(form.getAttribute('action'))[1];
    now.number = text('.patient-number');
    now.name = text('.patient-name');
    now.about = text('.patient .muted');
    now.allergy = text('.patient-note.bad').replace(/^过敏：/, '');
    now.last = text('.patient-note .badge-last');
    var p = line.roster.patients.filter(function (x) { return x.v === now.visit; })[0];
    if (p) now.id = p.i;
    Array.from(root.querySelectorAll('form[action$="/undo"]')).forEach(function (f) {
      var drug = f.closest('li').querySelector('b');
      now.codes.push({ code: f.querySelector('input[name="code"]').value, drug: drug ? drug.textContent : '', known: true });
    });
    return now;
  }

  function ours() { return !!document.querySelector('#desk[data-off]'); }

  // ----- answers. Each gives the commands to queue and says the rest by the band.
  function facts(id) { return line.roster.facts && line.roster.facts[id] || {}; }

  function known(p) {
    var f = facts(p.i), about = '编号 ' + p.n + ' · 断网';
    if (!f.l) about += '，没有上次取药的资料';
    return { number: p.q ? String(p.q) : '', name: p.m, about: about, id: p.i, allergy: f.a, last: f.l, tone: f.t };
  }

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
      if (desk.visit && (desk.id === who.id || p && p.v === desk.visit)) return void band('soft', who.name + ' 就诊中，可以扫药。', true);
      if (desk.visit && desk.codes.length && desk.again !== text && !e.fields.again) {
        desk.again = text;
        return void band('caution', '上一位还没有诊毕，已扫 ' + desk.codes.length + ' 盒。再扫一次同一张标签，就诊毕上一位并开始下一位。', true);
      }
      close();
      desk = Object.assign(fresh(), who, { visit: e.fields.visit, again: '' });
      if (p) band('good', who.name + ' 开始就诊，请扫药。');
      else band('caution', '名单里没有这张标签，已先记下，联网后核对。可以扫药。');
      return [e];
    });
  }

  // close notes whose the boxes of the visit are, so that none is given twice.
  function close() {
    desk.codes.forEach(function (c) { if (!c.units) desk.given[c.code] = desk.number || desk.name; });
    desk = fresh();
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

  function lineOf(code) { return desk.codes.filter(function (c) { return c.code === code; })[0]; }

  function has(code) { return !!lineOf(code); }

  function drugOf(code) {
    var at = line.roster.packs[code];
    return at === undefined ? null : line.roster.drugs[at];
  }

  // leftIn is what a box given by quantity holds, as far as this device knows.
  function leftIn(code) { return desk.left[code] === undefined ? (line.roster.left || {})[code] || 0 : desk.left[code]; }

  function doseOf(drug) { return (facts(desk.id).d || {})[drug.i] || ''; }

  function one(code) {
    var drug = drugOf(code), mine = lineOf(code);
    if (code[0] === '?') return { tone: 'caution', text: '没有读出追溯码：' + code.slice(1, 25) + '。没有记录，请再扫药盒上的追溯码。' };
    if (mine && mine.units && drug) return { tone: 'soft', text: '这盒已记 ' + mine.units + ' ' + mine.unit + '。要改请填新的数量。', ask: true };
    if (mine) return { tone: 'soft', text: '这盒已经扫过。' };
    if (desk.given[code]) return { tone: 'bad', text: '这盒刚才已发给 ' + desk.given[code] + (/^\d+$/.test(desk.given[code]) ? ' 号' : '') + '。请换一盒。' };
    if (drug && drug.loose && !leftIn(code)) return { tone: 'bad', text: '这盒已经发完。请换一盒。' };
    if (drug && drug.loose) return { tone: 'caution', text: drug.n + ' 按数量发，请填发了多少' + drug.u + '。', ask: true };
    if (drug) return { tone: 'good', text: drug.n, take: { code: code, drug: drug.n, known: true, dose: doseOf(drug) } };
    return { tone: 'caution', text: '未知的码，已记下，联网后核对。请先确认这盒药是本场带来的。', take: { code: code, drug: '未知的药', known: false } };
  }

  function scans(e) {
    if (desk.visit !== e.visit) return void band('bad', '这位患者的就诊已经结束。请扫下一位患者。');
    desk.again = '';
    if (e.fields.quantity || e.fields.whole) return number(e);
    var worst = null, taken = [], order = ['soft', 'good', 'caution', 'bad'];
    codesIn(e).forEach(function (code) {
      var said = one(code);
      if (!worst || order.indexOf(said.tone) > order.indexOf(worst.tone)) worst = said;
      if (said.ask && desk.asks.indexOf(code) < 0) desk.asks.push(code);
      if (!said.take) return;
      desk.codes.unshift(said.take);
      taken.push(code);
    });
    if (!worst) return void band('caution', '没有读到内容，请再扫一次。');
    band(worst.tone, worst.text, true);
    // A command that may have arrived must stay the same.
    if (e.tried) return [e];
    if (!taken.length) return;
    e.fields = Object.assign({}, e.fields, { codes: taken.join('\n') });
    return [e];
  }

  // number takes how much of a box is given; of a box of this visit it is the new
  // number.
  function number(e) {
    var code = fold(e.fields.codes || ''), drug = drugOf(code), mine = lineOf(code);
    if (!drug) return void band('caution', '断网时查不到这盒药。请再扫一次药盒。');
    var most = leftIn(code) + (mine && mine.units || 0);
    var n = e.fields.whole ? most : Number(e.fields.quantity);
    if (!(n >= 1 && n <= most && n === Math.floor(n))) {
      band('caution', '这盒最多 ' + most + ' ' + drug.u + '。请改数量，或换一盒。', true);
      return e.tried ? [e] : undefined;
    }
    desk.left[code] = most - n;
    desk.asks = desk.asks.filter(function (c) { return c !== code; });
    desk.codes = desk.codes.filter(function (c) { return c.code !== code; });
    desk.codes.unshift({ code: code, drug: drug.n, known: true, units: n, unit: drug.u, dose: doseOf(drug) });
    band('good', drug.n + ' ' + n + ' ' + drug.u, true);
    if (e.tried) return [e];
    e.fields = Object.assign({}, e.fields, { codes: code, quantity: String(n) });
    delete e.fields.whole;
    return [e];
  }

  // drop forgets the question for a box that was not given; nothing was recorded.
  function drop(code) {
    desk.asks = desk.asks.filter(function (c) { return c !== code; });
    band('good', '没有给出，请放回药箱。', true);
  }

  function undo(e) {
    var mine = lineOf(e.fields.code);
    if (!mine) return void band('soft', '这盒已不在列表里。', true);
    if (mine.units) desk.left[mine.code] = leftIn(mine.code) + mine.units;
    desk.codes = desk.codes.filter(function (c) { return c !== mine; });
    band('good', '已撤销，请放回药箱。', true);
    return [e];
  }

  function owed(e) {
    var drug = line.roster.drugs.filter(function (d) { return String(d.i) === e.fields.drug; })[0];
    if (desk.visit !== e.visit || !drug && !e.tried) return void band('caution', '请选择欠的是哪一种药。');
    var packs = Number(e.fields.packs) || 0, units = Number(e.fields.units) || 0;
    if (!e.tried && packs + units < 1) return void band('caution', '请填欠多少。');
    if (!e.tried && units && !drug.loose) return void band('caution', drug.n + ' 整' + drug.p + '发，欠药只填' + drug.p + '数。');
    var much = [packs && drug && packs + ' ' + drug.p, units && drug && units + ' ' + drug.u].filter(Boolean).join(' + ');
    desk.owed.push('这次欠 ' + (drug ? drug.n + ' ' + much : '药'));
    band('good', '已记欠药，下次就诊会提醒。', true);
    return [e];
  }

  function finish(e) {
    if (desk.visit !== e.visit) return void band('soft', '已经诊毕，请扫下一位患者。');
    if (desk.asks.length && !e.tried) return void band('caution', '还有药没有填发了多少。请先填数量，没有给出的点“没有给出”。', true);
    if (!desk.codes.length && !e.fields.no_drug_reason) return void band('caution', '这次没有发药。请选择不发药的原因，再点“诊毕”。');
    var a = view.amount(desk.codes);
    if (!e.tried) delete e.fields.ask_left;
    close();
    band('good', '诊毕，共 ' + a.words + '，已记在本机。请扫下一位患者。');
    return [e];
  }

  // answer works one command through; e.visit and e.what say what it is.
  function answer(e) {
    if (!line.roster) return void app.band('lost');
    var stored = ours() && !desk ? line.desk() : Promise.resolve(null);
    return stored.then(function (kept) {
      if (!ours()) desk = read();
      else if (kept) desk = Object.assign(fresh(), kept);
      if (e.what === 'scans' && /^JFP/.test(fold(e.fields.codes || ''))) return asLabel(e);
      return e;
    }).then(function (e) {
      if (e.fields.drop) return drop(e.fields.codes);
      return { check_in: checkIn, scans: scans, undo: undo, owed: owed, finish: finish }[e.what](e);
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

  // hold has what is scanned meanwhile wait in scan.js: it belongs to the desk that
  // is there when all before it has its answer.
  function hold() {
    Array.from(document.querySelectorAll('[data-scan-form][data-off]')).forEach(function (f) {
      if (pending) f.dataset.sending = '1';
      else delete f.dataset.sending;
    });
  }

  function take(e) {
    pending += 1;
    hold();
    work = work.then(function () { return answer(e); }).catch(function () { app.band('lost'); }).then(function () {
      pending -= 1;
      hold();
      if (!pending) app.scanned();
    });
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
    if (concerns({ verb: event.detail.verb, path: event.detail.path })) event.detail.timeout = patience;
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
    if (event.submitter && event.submitter.name) fields[event.submitter.name] = event.submitter.value;
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
      if (!line.roster) return void band('bad', '这台设备上没有本场的名单。请联网后重新打开诊桌。');
      desk = Object.assign(fresh(), kept);
      draw();
    });
  });
})();
