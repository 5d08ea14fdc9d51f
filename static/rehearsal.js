// Trying a scanner out, on the page with the test card only. Every key is noted
// as it comes; when none came for a while, recognise.js says from the keys alone what
// is to be changed at the scanner or the computer. Nothing is sent or stored.
(function () {
  'use strict';
  var app = window.jingfang;
  var GS = '\x1d';
  var patience = 700; // ms without a key that end a scan here, where slow ones are judged

  var root = document.getElementById('rehearsal');
  if (!root) return;
  var field = document.getElementById('rehearsal-field');
  var codes = { plain: root.dataset.plain, bar: root.dataset.bar, gs1: root.dataset.gs1.replace(/␝/g, GS) };
  var keys = [];
  var timer = 0;
  var last = { read: '', at: -Infinity };

  document.addEventListener('keydown', function (event) {
    if (event.repeat || event.target === document.getElementById('rehearsal-text')) return;
    var before = keys[keys.length - 1];
    var running = keys.length > 3 && event.timeStamp - before.at <= patience;
    // A person moves with Tab and presses buttons with Enter; a scanner must not.
    if (!running && /^(Enter|Tab|Escape|Arrow.*|Page.*|Home|End)$/.test(event.key)) return;
    if (running && (/^(Enter|Tab)$/.test(event.key) || event.ctrlKey || /^F[0-9]/.test(event.key))) event.preventDefault();
    if (!before) {
      field.value = '';
      if (document.activeElement !== field) field.focus({ preventScroll: true });
    }
    keys.push({ key: event.key, code: event.code, at: event.timeStamp, shift: event.shiftKey, ctrl: event.ctrlKey, alt: event.altKey,
      caps: event.getModifierState('CapsLock'), ime: event.isComposing || event.key === 'Process' || event.keyCode === 229 });
    clearTimeout(timer);
    timer = setTimeout(judge, patience);
  }, true);

  // A code that comes by the screen's own keyboard or is pasted brings no keys.
  field.addEventListener('input', function () {
    clearTimeout(timer);
    timer = setTimeout(judge, patience);
  });

  function judge() {
    var got = keys, written = field.value;
    keys = [];
    field.value = '';
    if (got.filter(function (k) { return k.key.length === 1 || k.ime; }).length < 4) {
      if (written.length > 3) show({ faults: [{ id: 'pasted', light: false, say: '只收到文字，没有收到按键：这不是键盘方式的扫码枪，请把它设为“USB 键盘（HID）”方式。' }], read: app.rehearsal.visible(written), end: '', mean: 0, longest: 0 }, got);
      return;
    }
    var start = got[0].at;
    var result = app.rehearsal.recognise(got, written, codes, false);
    if (result.read === last.read && start - last.at < 1500) result = app.rehearsal.recognise(got, written, codes, true);
    last = { read: result.read, at: got[got.length - 1].at };
    show(result, got);
  }

  function text(id, value) { document.getElementById(id).textContent = value; }

  function show(result, got) {
    var grave = result.faults.filter(function (f) { return !f.light; });
    var main = grave[0] || result.faults[0];
    var tone = grave.length ? 'bad' : result.faults.length ? 'caution' : 'good';
    var kind = document.getElementById('rehearsal-' + tone);
    var area = document.getElementById('rehearsal-answer');
    area.textContent = '';
    area.appendChild(kind.content.cloneNode(true));
    area.querySelector('.band-text p').textContent = main ? main.say : '这把扫码枪可以用，不用改。';
    area.querySelector('.band-text small').textContent = '读到 ' + result.read;
    document.dispatchEvent(new CustomEvent('jingfang:answer', { detail: area }));
    root.dataset.faults = result.faults.map(function (f) { return f.id; }).join(' ');
    root.dataset.turn = String(Number(root.dataset.turn || 0) + 1);
    list('rehearsal-more', result.faults.filter(function (f) { return f !== main; }).map(function (f) { return f.say; }));
    text('rehearsal-end', result.end ? result.end.split('').map(app.rehearsal.name).join(' + ') : '没有');
    text('rehearsal-mean', result.mean.toFixed(0));
    text('rehearsal-longest', result.longest.toFixed(0));
    text('rehearsal-keys', String(got.length));
    rows(got);
    document.getElementById('rehearsal-text').value = report(result, got);
    document.getElementById('rehearsal-result').hidden = false;
  }

  function list(id, lines) {
    var ul = document.getElementById(id);
    ul.textContent = '';
    lines.forEach(function (line) {
      var li = document.createElement('li');
      li.textContent = line;
      ul.appendChild(li);
    });
    ul.hidden = lines.length === 0;
  }

  function words(k) {
    return (k.ctrl && k.key !== 'Control' ? 'Ctrl+' : '') + (k.alt && k.key !== 'Alt' ? 'Alt+' : '') + (k.key === GS ? '␝' : k.key === ' ' ? '空格' : k.key) + (k.ime && k.key !== 'Process' ? '（输入法）' : '');
  }

  function rows(got) {
    var body = document.getElementById('rehearsal-rows');
    body.textContent = '';
    got.forEach(function (k, i) {
      var tr = document.createElement('tr');
      [String(i + 1), words(k), k.code, i ? (k.at - got[i - 1].at).toFixed(0) : '—'].forEach(function (value, column) {
        var td = document.createElement('td');
        td.textContent = value;
        if (column === 0 || column === 3) td.className = 'right num';
        tr.appendChild(td);
      });
      body.appendChild(tr);
    });
  }

  function report(result, got) {
    var start = got.length ? got[0].at : 0;
    return ['扫码枪试扫 ' + new Date().toLocaleString('zh-CN'),
      '结论：' + (result.faults.length ? result.faults.map(function (f) { return f.say + ' [' + f.id + ']'; }).join(' ') : '可以用'),
      '读到：' + result.read,
      '后缀：' + (result.end ? result.end.split('').map(app.rehearsal.name).join(' + ') : '没有') + '；平均 ' + result.mean.toFixed(0) + ' 毫秒，最长 ' + result.longest.toFixed(0) + ' 毫秒',
      '按键：' + got.map(function (k) { return words(k) + '/' + (k.code || '?') + '@' + (k.at - start).toFixed(0); }).join(' '),
      '浏览器：' + navigator.userAgent].join('\n');
  }

  // The clipboard needs HTTPS; without it the text is selected and copied the old way.
  document.getElementById('rehearsal-copy').addEventListener('click', function () {
    var area = document.getElementById('rehearsal-text');
    function told(done) { text('rehearsal-copied', done ? '已复制，可以粘贴发给管理员。' : '请长按或按 Ctrl+C 复制上面的文字。'); }
    if (navigator.clipboard) return void navigator.clipboard.writeText(area.value).then(function () { told(true); }, function () { area.select(); told(false); });
    area.select();
    told(document.execCommand('copy'));
  });
})();
