// What reads codes out of a picture: the browser's own detector where it knows the
// three kinds, else the decoder in its worker (decode.js), loaded when it is first
// used. Pictures never leave the device: they go to the one or the other, and only
// the text of a code goes on.
(function () {
  'use strict';
  var app = window.jingfang;
  var kinds = ['qr_code', 'code_128', 'data_matrix'];
  var made = null; // the promise of a reader, once somebody asked

  // files are the addresses of the decoder; empty when this program was built
  // without it.
  function files() {
    var part = document.getElementById('camera-finder');
    var d = part ? part.content.firstElementChild.dataset : {};
    return { worker: d.worker, reader: d.reader, wasm: d.wasm };
  }

  // native is the browser's own detector, tried out once: it may be there in name
  // only, without the service behind it. null when it does not do.
  function native() {
    var Detector = window.BarcodeDetector;
    if (!Detector || !Detector.getSupportedFormats) return Promise.resolve(null);
    return Detector.getSupportedFormats().then(function (known) {
      if (!kinds.every(function (k) { return known.indexOf(k) >= 0; })) return null;
      var detector = new Detector({ formats: kinds });
      var empty = document.createElement('canvas');
      empty.width = empty.height = 16;
      empty.getContext('2d').fillRect(0, 0, 16, 16);
      return detector.detect(empty).then(function () { return { read: detect }; });

      function detect(picture) {
        return detector.detect(picture).then(function (list) {
          picture.close();
          return list.filter(function (c) { return c.rawValue; }).map(function (c) { return { text: c.rawValue, corners: c.cornerPoints }; });
        }, function (e) { picture.close(); throw e; });
      }
    }).catch(function () { return null; });
  }

  // decoder starts the worker. It fails with "missing", "old" or "lost".
  function decoder() {
    var from = files();
    if (!from.reader) return Promise.reject(new Error('missing'));
    return new Promise(function (done, fail) {
      var worker = new Worker(from.worker), asked = {}, last = 0;
      function end(why) {
        worker.terminate();
        made = null;
        Object.keys(asked).forEach(function (id) { asked[id].fail(new Error(why)); });
        fail(new Error(why));
      }
      function read(picture, thorough) {
        return new Promise(function (got, failed) {
          asked[++last] = { got: got, fail: failed };
          worker.postMessage({ id: last, picture: picture, thorough: !!thorough }, [picture]);
        });
      }
      worker.onerror = function () { end('lost'); };
      worker.onmessage = function (event) {
        var said = event.data;
        if (said.state === 'ready') { remember(); return done({ read: read }); }
        if (said.state) return end(said.state);
        var waits = asked[said.id];
        delete asked[said.id];
        if (said.found) waits.got(said.found);
        else waits.fail(new Error('lost'));
      };
      worker.postMessage({ reader: new URL(from.reader, location.href).href, wasm: new URL(from.wasm, location.href).href });
    });
  }

  // remember lets a table keep the decoder for a day without a link.
  function remember() {
    try { localStorage.setItem('decoder', '1'); } catch (full) { return; }
    document.dispatchEvent(new CustomEvent('jingfang:decoder'));
  }

  // readerFiles are what this device has used and a table keeps.
  app.readerFiles = function () {
    var from = files();
    if (!from.reader || localStorage.getItem('decoder') !== '1') return [];
    return [from.worker, from.reader, from.wasm].map(function (u) { return new URL(u, location.href).href; });
  };

  // reader gives what reads: read(picture, thorough) takes an ImageBitmap over and
  // promises a list of { text, corners }, corners in px of the picture.
  app.reader = function () {
    if (!made) {
      made = native().then(function (own) { return own || decoder(); });
      made.catch(function () { made = null; });
    }
    return made;
  };
})();
