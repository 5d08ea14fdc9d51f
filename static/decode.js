// The decoder's own worker: finds codes in pictures with zxing-cpp, compiled to
// WebAssembly. It runs under a content policy of its own (static.go), because the
// pages' policy allows no WebAssembly; a browser that knows no such policy, before
// Chromium 97, is told apart before anything is loaded. Pictures come from the page
// and go nowhere.
(function () {
  'use strict';
  var kinds = ['QRCode', 'Code128', 'DataMatrix'];
  var longest = 4096; // px; a larger photo is drawn smaller

  function say(state) { self.postMessage({ state: state }); }

  // begin loads the decoder: "ready", "old" for a browser that cannot run it, or
  // "lost" when it did not arrive.
  function begin(files) {
    try {
      void new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]));
    } catch (blocked) {
      return say('old');
    }
    try {
      self.importScripts(files.reader);
    } catch (failed) {
      return say(failed instanceof SyntaxError ? 'old' : 'lost');
    }
    self.ZXingWASM.prepareZXingModule({ overrides: { locateFile: function () { return files.wasm; } }, fireImmediately: true })
      .then(function () { say('ready'); }, function () { say('lost'); });
  }

  function pixels(picture, scale) {
    var canvas = new OffscreenCanvas(Math.round(picture.width * scale), Math.round(picture.height * scale));
    var brush = canvas.getContext('2d');
    brush.drawImage(picture, 0, 0, canvas.width, canvas.height);
    picture.close();
    return brush.getImageData(0, 0, canvas.width, canvas.height);
  }

  function found(results, scale) {
    return results.filter(function (r) { return r.text; }).map(function (r) {
      var p = r.position;
      return { text: r.text, corners: [p.topLeft, p.topRight, p.bottomRight, p.bottomLeft].map(function (c) { return { x: c.x / scale, y: c.y / scale }; }) };
    });
  }

  // read looks through one picture. Without tryHarder flat codes are missed that are
  // not in the middle; thorough also looks for light codes on dark, for a photo.
  function read(task) {
    var scale = Math.min(1, longest / Math.max(task.picture.width, task.picture.height));
    var how = { formats: kinds, textMode: 'Plain', tryHarder: true, tryInvert: task.thorough, maxNumberOfSymbols: 32 };
    self.ZXingWASM.readBarcodes(pixels(task.picture, scale), how).then(function (results) {
      self.postMessage({ id: task.id, found: found(results, scale) });
    }).catch(function () { self.postMessage({ id: task.id }); });
  }

  self.onmessage = function (event) {
    if (event.data.picture) read(event.data);
    else begin(event.data);
  };
})();
