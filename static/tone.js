// Tones: an element with data-tone that comes into the page is heard and felt.
// Browsers allow sound only after the first touch or key.
(function () {
  'use strict';
  // frequency in Hz, start and length in seconds, loudness; and the buzz in ms.
  var tones = {
    good: { notes: [[1319, 0, .09, .25]], buzz: 40 },
    soft: { notes: [[523, 0, .07, .12]], buzz: 15 },
    caution: { notes: [[784, 0, .12, .25], [587, .16, .16, .25]], buzz: [60, 60, 60] },
    bad: { notes: [[185, 0, .45, .4]], buzz: [220, 80, 220] }
  };
  var order = ['soft', 'good', 'caution', 'bad'];
  var audio = null;

  // Opening the sound takes a tenth of a second, which the key must not wait for.
  function unlock() {
    if (!audio || audio.state === 'suspended') setTimeout(open, 0);
  }

  function open() {
    var Context = window.AudioContext || window.webkitAudioContext;
    if (!Context) return;
    if (!audio) audio = new Context();
    if (audio.state === 'suspended') audio.resume();
  }
  ['pointerdown', 'keydown', 'touchend'].forEach(function (name) {
    document.addEventListener(name, unlock, { capture: true, passive: true });
  });

  function play(name) {
    var tone = tones[name];
    if (!tone) return;
    if (navigator.vibrate && audio) navigator.vibrate(tone.buzz);
    if (!audio || audio.state !== 'running') return;
    tone.notes.forEach(function (note) {
      var start = audio.currentTime + note[1];
      var sound = audio.createOscillator();
      var volume = audio.createGain();
      sound.type = name === 'bad' ? 'square' : 'sine';
      sound.frequency.value = note[0];
      volume.gain.setValueAtTime(0, start);
      volume.gain.linearRampToValueAtTime(note[3], start + .008);
      volume.gain.setValueAtTime(note[3], start + note[2] - .02);
      volume.gain.linearRampToValueAtTime(0, start + note[2]);
      sound.connect(volume);
      volume.connect(audio.destination);
      sound.start(start);
      sound.stop(start + note[2] + .01);
    });
  }

  // Of several answers at once only the gravest is heard.
  function hear(root) {
    var found = Array.from(root.querySelectorAll('[data-tone]'));
    if (root.matches && root.matches('[data-tone]')) found.push(root);
    found = found.filter(function (e) { return !e.dataset.heard; });
    found.forEach(function (e) { e.dataset.heard = '1'; });
    var names = found.map(function (e) { return e.dataset.tone; });
    names.sort(function (a, b) { return order.indexOf(b) - order.indexOf(a); });
    if (names.length) play(names[0]);
  }

  document.addEventListener('htmx:afterSettle', function () { hear(document.body); });
  document.addEventListener('jingfang:answer', function () { hear(document.body); });
  window.jingfang.play = play;
})();
