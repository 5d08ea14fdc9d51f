// What the keys of a scan say about the scanner and the computer: the rule of the page
// with the test card (rehearsal.js). It knows no page.
(function () {
  'use strict';
  var pause = 150;    // ms without a key that end a scan on the other pages
  var GS = '\x1d';

  // place is the character that a key of the US layout bears, which is what a
  // scanner means, whatever the computer makes of it.
  function place(key) {
    var letter = /^Key([A-Z])$/.exec(key.code);
    if (letter) return key.shift ? letter[1] : letter[1].toLowerCase();
    var digit = /^(Digit|Numpad)([0-9])$/.exec(key.code);
    if (digit) return key.shift && digit[1] === 'Digit' ? ')!@#$%^&*('[Number(digit[2])] : digit[2];
    var sign = { Minus: '-_', Equal: '=+', Slash: '/?', Period: '.>', Comma: ',<', Semicolon: ';:', Quote: '\'"', BracketLeft: '[{', BracketRight: ']}', Backslash: '\\|', Backquote: '`~', Space: '  ' }[key.code];
    return sign ? sign[key.shift ? 1 : 0] : '';
  }

  function fold(text) {
    return text.replace(/[\uff01-\uff5e]/g, function (c) { return String.fromCharCode(c.charCodeAt(0) - 0xfee0); }).replace(/\u3000/g, ' ');
  }

  function swap(text) {
    return text.replace(/[A-Za-z]/g, function (c) { return c === c.toUpperCase() ? c.toLowerCase() : c.toUpperCase(); });
  }

  // listen makes of the keys a text as the computer took it, one as the scanner
  // meant it, the keys that ended it, and how a separator was typed.
  function listen(keys) {
    var x = { text: '', meant: '', end: [], gs: [], odd: [], ime: false, caps: false };
    var alt = '';
    function add(c, p) {
      while (x.end.length) { var e = x.end.shift(); x.text += e; x.meant += e; }
      x.text += c;
      x.meant += p;
    }
    function separator(how) { add(GS, GS); x.gs.push(how); }
    keys.forEach(function (k) {
      if (/^(Shift|Control|Alt|Meta|CapsLock|AltGraph)$/.test(k.key)) return;
      if (k.caps) x.caps = true;
      if (k.alt && /^Numpad[0-9]$/.test(k.code)) { alt += k.code.slice(6); return; }
      if (alt) { separator('Alt+' + alt); alt = ''; }
      if (k.key === 'Enter' || k.key === 'Tab') return x.end.push(k.key === 'Enter' ? '\n' : '\t');
      if (k.ctrl && (k.code === 'KeyM' || k.code === 'KeyJ')) return x.end.push('\n');
      if (k.ctrl && (k.key === ']' || k.code === 'BracketRight')) return separator('Ctrl+]');
      if (k.key === GS) return separator('GS');
      if (k.ime) { x.ime = true; return add(place(k), place(k)); }
      if (k.key.length === 1) return add(k.key, place(k) || k.key);
      x.odd.push(k.key);
      add('\u27e8' + k.key + '\u27e9', '\u27e8' + k.key + '\u27e9');
    });
    if (alt) separator('Alt+' + alt);
    return x;
  }

  // pace is the mean time between two keys and the longest, in ms, of keys of one
  // code: what lies between two reads says nothing about either.
  function pace(keys, several) {
    var typed = keys.filter(function (k) { return !/^(Shift|Control|Alt|Meta|CapsLock)$/.test(k.key); });
    var gaps = [];
    typed.slice(1).forEach(function (k, i) {
      var gap = k.at - typed[i].at;
      if (!/^(Enter|Tab)$/.test(typed[i].key) && !(several && gap > pause)) gaps.push(gap);
    });
    var sum = gaps.reduce(function (a, b) { return a + b; }, 0);
    return { mean: gaps.length ? sum / gaps.length : 0, longest: Math.max.apply(null, gaps.concat(0)) };
  }

  // find says which of the card's codes a text holds and what stands between and
  // around them. A GS1 code is also found with anything, or nothing, for its
  // separator.
  function find(text, codes) {
    var found = [], rest = text, part;
    var gs1 = codes.gs1.split(GS);
    var forms = [codes.plain, codes.bar, codes.gs1].map(quote).concat(quote(gs1[0]) + '([^A-Za-z0-9]{0,8}|[<{\\[\\u27e8(]?[A-Z0-9]{1,4}[>}\\])\\u27e9]?)' + quote(gs1[1]));
    var any = new RegExp(forms.join('|'));
    while ((part = any.exec(rest))) {
      found.push({ before: rest.slice(0, part.index), code: part[0], separator: part[0].indexOf(gs1[0]) === 0 ? part[0].slice(gs1[0].length, part[0].length - gs1[1].length) : null });
      rest = rest.slice(part.index + part[0].length);
    }
    return { codes: found, after: rest };
  }

  function quote(text) { return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'); }

  var aim = /\][A-Za-z][0-9A-Za-z]/g;
  var names = { '\n': 'Enter', '\t': 'Tab', ' ': '空格', '': '没有分隔' };
  function name(text) { return text in names ? names[text] : '“' + visible(text) + '”'; }
  function visible(text) { return text.replace(/\x1d/g, '␝').replace(/\n/g, '↵').replace(/\t/g, '⇥'); }

  // exchanged lists the characters that another one came for, when the computer's
  // text and the scanner's, or the card's, differ in nothing but single characters.
  function exchanged(from, to) {
    var pairs = {};
    if (from.length !== to.length) return null;
    for (var i = 0; i < from.length; i++) {
      if (from[i] === to[i]) continue;
      if (pairs[from[i]] && pairs[from[i]] !== to[i]) return null;
      pairs[from[i]] = to[i];
    }
    return Object.keys(pairs).map(function (c) { return c + ' 变成 ' + pairs[c]; });
  }

  // within tells that the letters of one text come in the other in their order.
  function within(small, large) {
    var at = 0;
    for (var i = 0; i < large.length && at < small.length; i++) if (large[i] === small[at]) at++;
    return small.length > 3 && at === small.length;
  }

  function doubled(text) {
    return text.length > 5 && text.length % 2 === 0 && text.split('').every(function (c, i) { return i % 2 === 0 || c === text[i - 1]; });
  }

  // The faults in the order in which they are to be mended. when gives what is
  // told to say, or nothing; light ones are advice: the other pages cope with them.
  var faults = [
    { id: 'ime', when: function (x) { return x.heard.ime || x.chinese; }, say: function () { return '电脑正在用中文输入法：请切换到英文输入法（按 Shift 或 Ctrl+空格），再扫一次。'; } },
    { id: 'fullwidth', when: function (x) { return x.wide; }, say: function () { return '读到的是全角字符：请把输入法切换到半角（按 Shift+空格）或英文，再扫一次。'; } },
    { id: 'caps', when: function (x) { return x.caps; }, say: function () { return '大写锁定开着，字母大小写反了：请按一下 Caps Lock 关掉，再扫一次。'; } },
    { id: 'layout', when: function (x) { return x.pairs.length && x.pairs.join('，'); }, say: function (d) { return '键盘布局不一致（' + d + '）：请把电脑的键盘和扫码枪的“键盘国家”都设为“美国（US）”。'; } },
    { id: 'gs_lost', when: function (x) { return x.gs === ''; }, say: function () { return '扫码枪丢了 GS1 分隔符：请在说明书里扫“输出 FNC1／GS（ASCII 29）”的设置码。'; } },
    { id: 'gs_other', when: function (x) { return x.gs && x.gs !== GS && name(x.gs); }, say: function (d) { return 'GS1 分隔符被换成了 ' + d + '：请把扫码枪的分隔符改回 ASCII 29（GS）。'; } },
    { id: 'gs_alt', when: function (x) { return x.gs === GS && x.heard.gs.filter(function (how) { return how.indexOf('Alt') === 0; })[0]; }, say: function (d) { return '分隔符是用 ' + d + ' 敲出来的，容易出错：请把扫码枪的控制字符输出改为“Ctrl+字符”方式。'; } },
    { id: 'slow', when: function (x) { return (x.pace.mean > (x.end ? 50 : 40) || x.pace.longest > pause) && [Math.round(x.pace.mean), Math.round(x.pace.longest)]; }, say: function (d) { return '发送太慢（平均 ' + d[0] + ' 毫秒一个键，最长停 ' + d[1] + ' 毫秒），会被当成人在打字：请把扫码枪的“字符间延时”设为 0。'; } },
    { id: 'lost', when: function (x) { return x.missing; }, say: function (d) { return '少了 ' + d + ' 个字符：请把码放平、离远一点再扫；反复出现时给扫码枪加 5 毫秒的字符间延时。'; } },
    { id: 'keys_doubled', when: function (x) { return x.twice; }, say: function () { return '每个字符都来了两次：请重新插拔扫码枪，并检查是否同时装了两个扫码程序。'; } },
    { id: 'doubled', when: function (x) { return x.again; }, say: function () { return '同一个码连读了两次：请把扫码枪的“相同码间隔”设为 1 秒以上，或改为按一次扳机读一次。'; } },
    { id: 'joined', when: function (x) { return x.between && x.between.filter(function (b) { return b !== '\n' && b !== '\t'; }).length && x.between.map(name).join('、'); }, say: function (d) { return '几个码连在一起发出来，中间是' + d + '：请设置每个码后面都加 Enter（回车）。'; } },
    { id: 'aim', when: function (x) { return x.aim; }, light: true, say: function (d) { return '码前面带了识别符 ' + d + '：系统会自动去掉；要干净可以关闭“发送 AIM 识别符”。'; } },
    { id: 'no_suffix', when: function (x) { return x.known && !x.end; }, light: true, say: function () { return '码后面没有 Enter：系统要多等 0.15 秒才知道扫完；请设置后缀为 Enter（回车）。'; } },
    { id: 'tab', when: function (x) { return x.end === '\t'; }, light: true, say: function () { return '码后面是 Tab：系统能用；其它软件里会跳格，建议后缀改为 Enter（回车）。'; } },
    { id: 'extra', when: function (x) { return x.end.length > 1 && x.end.split('').map(name).join(' + '); }, light: true, say: function (d) { return '码后面有多余的键（' + d + '）：请只留一个 Enter。'; } },
    { id: 'around', when: function (x) { return x.around; }, light: true, say: function (d) { return '码的前后多了 ' + d + '：请取消扫码枪的自定义前缀和后缀。'; } },
    { id: 'unknown', when: function (x) { return !x.known; }, say: function () { return '读到的不是试扫卡上的码：请扫本页的卡；仍然这样，把下面的结果发给管理员。'; } }
  ];

  // recognise is the rule of this page. keys are {key, code, at (ms), shift, ctrl,
  // alt, caps, ime}; written is what came into the field; codes are the card's
  // texts; again tells that the scan before, a moment ago, was the same.
  function recognise(keys, written, codes, again) {
    var heard = listen(keys);
    var x = { heard: heard, end: heard.end.join(''), aim: '', pairs: [], again: !!again };
    var text = heard.text, meant = heard.meant;
    var wide = /[\uff01-\uff5e\u3000]/;
    x.wide = wide.test(text) || wide.test(written);
    x.chinese = /[\u4e00-\u9fff]/.test(written) || /[\u4e00-\u9fff]/.test(text);
    text = fold(text);
    if (/^[\uff01-\uff5e\u3000]*$/.test(heard.text)) meant = text;
    x.aim = (text.match(aim) || [])[0] || '';
    text = text.replace(aim, '');
    meant = meant.replace(aim, '');
    x.twice = doubled(text);
    if (x.twice) text = meant = text.split('').filter(function (c, i) { return i % 2 === 0; }).join('');

    var hit = find(text, codes);
    if (!hit.codes.length && find(swap(text), codes).codes.length) { x.caps = true; hit = find(swap(text), codes); }
    if (!hit.codes.length && find(meant, codes).codes.length) { hit = find(meant, codes); x.pairs = exchanged(meant, text) || ['-']; }
    if (!hit.codes.length) {
      [codes.plain, codes.bar, codes.gs1].forEach(function (whole) {
        var pairs = exchanged(whole, text);
        if (x.known || !pairs || pairs.length > whole.length / 2) return;
        x.known = true;
        x.pairs = pairs;
      });
    }
    if (!hit.codes.length && !x.known) {
      [codes.plain, codes.bar, codes.gs1].forEach(function (whole) {
        if (!x.known && whole.length > text.length && whole.length - text.length <= whole.length / 3 && within(text, whole)) { x.known = true; x.missing = whole.length - text.length; }
      });
    }
    x.known = x.known || hit.codes.length > 0;
    x.pace = pace(keys, hit.codes.length > 1);
    var separated = hit.codes.filter(function (c) { return c.separator !== null; });
    x.gs = separated.length ? separated[0].separator : null;
    separated.forEach(function (c) { if (c.separator !== GS) x.gs = c.separator; });
    x.between = hit.codes.slice(1).map(function (c) { return c.before; });
    var differ = hit.codes.some(function (c) { return c.code !== hit.codes[0].code; });
    if (hit.codes.length > 1 && !differ) { x.again = true; x.between = null; }
    x.around = hit.codes.length && hit.codes[0].before + hit.after ? visible(hit.codes[0].before + hit.after) : '';

    var list = [];
    faults.forEach(function (f) {
      var d = f.when(x);
      if (d) list.push({ id: f.id, light: !!f.light, say: f.say(d) });
    });
    return { faults: list, read: visible(heard.text), codes: hit.codes.length, end: x.end, mean: x.pace.mean, longest: x.pace.longest };
  }

  window.jingfang.rehearsal = { recognise: recognise, visible: visible, name: name, faults: faults.map(function (f) { return f.id; }) };
})();
