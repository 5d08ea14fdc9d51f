// What the table shows without the server: the desk and the band, drawn from the
// pieces that the page brought along. It changes nothing; desk.js decides.
(function () {
  'use strict';
  var app = window.jingfang;
  var line = app.offline;
  if (!line || !line.session) return;
  var view = app.deskView = {};

  function find(root, name) { return root.querySelector('[data-slot="' + name + '"]'); }

  function copy(id) { return document.getElementById(id).content.firstElementChild.cloneNode(true); }

  // say fills a slot, or takes it off the page when there is nothing to say.
  function say(root, name, text, inner) {
    var slot = find(root, name);
    if (!text) return slot.remove();
    (inner ? slot.querySelector(inner) : slot).textContent = text;
  }

  // amount is what a visit has, whole boxes before units of opened ones: the first
  // figure with its unit, and the others behind it.
  view.amount = function (codes) {
    var units = {}, boxes = codes.filter(function (c) { return !c.units; }).length;
    codes.forEach(function (c) { if (c.units) units[c.unit] = (units[c.unit] || 0) + c.units; });
    var parts = Object.keys(units).map(function (u) { return [units[u], u]; });
    if (boxes || !parts.length) parts.unshift([boxes, '盒']);
    var words = parts.map(function (p) { return p.join(' '); });
    return { figure: String(parts[0][0]), unit: parts[0][1], more: words.slice(1).map(function (w) { return ' + ' + w; }).join(''), words: words.join(' + ') };
  };

  view.band = function (tone, text, codes) {
    var made = copy('off-' + tone), area = document.getElementById('band');
    made.querySelector('p').textContent = text;
    if (!codes) made.querySelector('.band-figure').remove();
    else {
      var a = view.amount(codes);
      made.querySelector('.band-figure b').textContent = a.figure;
      made.querySelector('.band-figure small').textContent = a.unit + a.more;
    }
    area.textContent = '';
    area.appendChild(made);
    document.dispatchEvent(new CustomEvent('jingfang:answer', { detail: area }));
  };

  view.draw = function (desk, left) {
    var made = desk.visit ? visit(desk, left) : copy('off-next');
    document.getElementById('desk').replaceWith(made);
    var field = made.querySelector('.ask [name="quantity"]') || made.querySelector('[data-scan]');
    if (field && window.matchMedia('(pointer: fine)').matches) field.focus({ preventScroll: true });
  };

  function visit(desk, left) {
    var made = copy('off-visit'), a = view.amount(desk.codes);
    find(made, 'number').textContent = desk.number || '—';
    find(made, 'name').textContent = desk.name;
    find(made, 'about').textContent = desk.about;
    find(made, 'count').textContent = a.figure;
    find(made, 'unit').textContent = a.unit;
    say(made, 'more', a.more);
    say(made, 'allergy', desk.allergy, 'span');
    say(made, 'last', desk.last, 'span');
    if (desk.last) find(made, 'last').firstElementChild.classList.add('badge-' + (desk.tone || 'soft'));
    say(made, 'owed', (desk.owed || []).join('；'), 'b');
    (desk.asks || []).forEach(function (code) { find(made, 'asks').appendChild(ask(desk, code, left(code))); });
    desk.codes.forEach(function (c) { find(made, 'lines').appendChild(row(c)); });
    find(made, desk.codes.length || (desk.asks || []).length ? 'empty' : 'box').remove();
    if (!desk.codes.length && find(made, 'box')) find(made, 'box').remove();
    find(made, desk.codes.length ? 'reasons' : 'who').remove();
    line.roster.drugs.forEach(function (d) { find(made, 'drugs').appendChild(new Option(d.n, String(d.i))); });
    var at = '/sessions/' + line.session + '/visits/' + desk.visit + '/';
    Array.from(made.querySelectorAll('[data-act]')).forEach(function (f) { f.setAttribute('action', at + f.dataset.act); });
    return made;
  }

  function row(c) {
    var made = copy('off-line');
    find(made, 'drug').textContent = c.drug;
    find(made, 'tail').textContent = c.code.slice(-4);
    say(made, 'much', c.units ? c.units + ' ' + c.unit : '');
    say(made, 'mark', c.known ? '' : '未核对');
    say(made, 'dose', c.dose);
    if (!c.units) find(made, 'change').remove();
    Array.from(made.querySelectorAll('[name="code"], [name="codes"]')).forEach(function (f) { f.value = c.code; });
    return made;
  }

  function ask(desk, code, left) {
    var made = copy('off-ask'), field = made.querySelector('[name="quantity"]');
    var drug = line.roster.drugs[line.roster.packs[code]];
    var had = desk.codes.filter(function (c) { return c.code === code; })[0];
    var most = left + (had ? had.units : 0);
    find(made, 'drug').textContent = drug.n;
    find(made, 'about').textContent = '…' + code.slice(-4) + ' · 这盒' + (had ? '连已记的' : '剩') + ' ' + most + ' ' + drug.u;
    find(made, 'title').textContent = had ? '改成多少？' : '发多少？';
    find(made, 'unit').textContent = drug.u;
    find(made, 'whole').textContent = '全部 ' + most + ' ' + drug.u;
    made.querySelector('[name="codes"]').value = code;
    field.max = String(most);
    field.setAttribute('aria-label', drug.n + ' 发几' + drug.u);
    return made;
  }
})();
