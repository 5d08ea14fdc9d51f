// What a device keeps for the time without a link: the roster, the desk and the
// commands that wait, in IndexedDB and sealed with a key that no script can read.
// A key belongs to a person and a login; it goes at logout, and a new login gets a
// new one as soon as nothing sealed with the old one waits.
(function () {
  'use strict';
  var app = window.jingfang;
  var store = app.store = {};

  // possible is false without HTTPS: WebCrypto is missing there.
  store.possible = !!(window.isSecureContext && window.crypto && crypto.subtle && window.indexedDB);
  var opened = null;

  // open asks again when a browser keeps it waiting: one whose page was left while it
  // made the store may never answer the next page's first question.
  function open() {
    if (!opened) opened = new Promise(function (done, fail) { ask(done, fail, 5); });
    return opened;
  }

  function ask(done, fail, times) {
    var open = indexedDB.open('jingfang', 1), late = false;
    var timer = times ? setTimeout(function () { late = true; ask(done, fail, times - 1); }, 3000) : 0;
    open.onupgradeneeded = function () {
      open.result.createObjectStore('key', { keyPath: 'staff' });
      open.result.createObjectStore('box', { keyPath: 'id' });
      open.result.createObjectStore('queue', { keyPath: 'n', autoIncrement: true });
    };
    open.onsuccess = function () {
      clearTimeout(timer);
      if (late) open.result.close();
      else done(open.result);
    };
    open.onerror = function () {
      clearTimeout(timer);
      if (late) return;
      opened = null;
      fail(open.error);
    };
  }

  // all runs one transaction: work gets the stores and may set out.value.
  function all(mode, work) {
    return open().then(function (db) {
      return new Promise(function (done, fail) {
        var out = {};
        var tx = db.transaction(['key', 'box', 'queue'], mode);
        tx.oncomplete = function () { done(out.value); };
        tx.onabort = tx.onerror = function () { fail(tx.error); };
        work({ key: tx.objectStore('key'), box: tx.objectStore('box'), queue: tx.objectStore('queue') }, out);
      });
    });
  }

  function read(from, id) {
    return all('readonly', function (s, out) {
      var ask = s[from].get(id);
      ask.onsuccess = function () { out.value = ask.result; };
    });
  }

  // ----- the key. Two tabs may make one at once: the first one in stays.
  var keys = new Map();

  store.key = function (staff) {
    if (!keys.has(staff)) keys.set(staff, read('key', staff).then(function (row) { return row ? row.key : makeKey(staff); }));
    return keys.get(staff);
  };

  function makeKey(staff) {
    return crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']).then(function (key) {
      return all('readwrite', function (s, out) {
        var ask = s.key.get(staff);
        ask.onsuccess = function () {
          out.value = ask.result ? ask.result.key : key;
          if (!ask.result) s.key.put({ staff: staff, key: key, login: '' });
        };
      });
    });
  }

  // login gives a new login a new key, unless commands wait that need the old one.
  // mark is a word that differs between logins and opens nothing.
  store.login = function (staff, mark) {
    return Promise.all([read('key', staff), store.count(staff)]).then(function (have) {
      if (have[0] && have[0].login === mark || have[1] > 0) return;
      return (have[0] && have[0].login ? store.drop(staff) : Promise.resolve()).then(function () { return store.key(staff); }).then(function (key) {
        return all('readwrite', function (s) { s.key.put({ staff: staff, key: key, login: mark }); });
      });
    });
  };

  // drop forgets a person's key and everything it opened; never while commands
  // wait.
  store.drop = function (staff) {
    return store.count(staff).then(function (n) {
      if (n) return;
      keys.delete(staff);
      return all('readwrite', function (s) {
        s.key.delete(staff);
        var ask = s.box.openCursor();
        ask.onsuccess = function () {
          var row = ask.result;
          if (!row) return;
          if (row.value.staff === staff) row.delete();
          row.continue();
        };
      });
    });
  };

  // ----- sealing
  function seal(staff, value) {
    var iv = crypto.getRandomValues(new Uint8Array(12));
    return store.key(staff).then(function (key) {
      return crypto.subtle.encrypt({ name: 'AES-GCM', iv: iv }, key, new TextEncoder().encode(JSON.stringify(value)));
    }).then(function (data) { return { staff: staff, iv: iv, data: data }; });
  }

  function unseal(staff, row) {
    return store.key(staff).then(function (key) {
      return crypto.subtle.decrypt({ name: 'AES-GCM', iv: row.iv }, key, row.data);
    }).then(function (bytes) { return JSON.parse(new TextDecoder().decode(bytes)); });
  }

  // get gives a sealed value, or null: also for one whose key has gone.
  store.get = function (staff, id) {
    return read('box', staff + ':' + id).then(function (row) { return row ? unseal(staff, row) : null; }).catch(function () { return null; });
  };

  store.put = function (staff, id, value) {
    return seal(staff, value).then(function (row) {
      row.id = staff + ':' + id;
      return all('readwrite', function (s) { s.box.put(row); });
    });
  };

  // ----- the queue
  store.count = function (staff) {
    return all('readonly', function (s, out) {
      out.value = 0;
      var ask = s.queue.openCursor();
      ask.onsuccess = function () {
        if (!ask.result) return;
        if (ask.result.value.staff === staff) out.value += 1;
        ask.result.continue();
      };
    });
  };

  // add puts commands at the end together with the desk as it is after them.
  store.add = function (staff, entries, id, desk) {
    return Promise.all(entries.map(function (e) { return seal(staff, e); }).concat([seal(staff, desk)])).then(function (rows) {
      var box = rows.pop();
      box.id = staff + ':' + id;
      return all('readwrite', function (s) {
        rows.forEach(function (row) { s.queue.add(row); });
        s.box.put(box);
      });
    });
  };

  // list gives all that wait, in order, each with its place n.
  store.list = function (staff) {
    return all('readonly', function (s, out) {
      out.value = [];
      var ask = s.queue.openCursor();
      ask.onsuccess = function () {
        if (!ask.result) return;
        if (ask.result.value.staff === staff) out.value.push(ask.result.value);
        ask.result.continue();
      };
    }).then(function (rows) {
      return Promise.all(rows.map(function (row) {
        return unseal(staff, row).then(function (e) { e.n = row.n; return e; });
      }));
    });
  };

  // change replaces waiting commands in their places and removes one, at once.
  store.change = function (staff, entries, gone) {
    return Promise.all(entries.map(function (e) {
      return seal(staff, e).then(function (row) { row.n = e.n; return row; });
    })).then(function (rows) {
      return all('readwrite', function (s) {
        rows.forEach(function (row) { s.queue.put(row); });
        if (gone) s.queue.delete(gone);
      });
    });
  };
})();
