import Pages

/// The page's script: it writes times by the reader's clock, says when the page is old, and loads it anew every five seconds,
/// keeping what the reader has scrolled to, opened and focused. The page says all it has to say without it.
///
/// It holds neither `<` nor `&` (`HTMLPage`).
enum StatusScript {
    static let markup: Markup = """
        (function () {
          'use strict';
          var key = 'jdnas ' + location.pathname + ' ', loaded = Date.now();
          var written = Date.parse(document.getElementById('written').dateTime);
          var auto = document.getElementById('auto');
          function all(what) { return Array.prototype.slice.call(document.querySelectorAll(what)); }
          function load(name) { try { return JSON.parse(sessionStorage.getItem(key + name)); } catch (none) { return null; } }
          function save(name, value) { try { sessionStorage.setItem(key + name, JSON.stringify(value)); } catch (none) {} }
          function two(number) { return number > 9 ? '' + number : '0' + number; }
          function span(seconds) {
            var minutes = Math.floor(Math.max(0, seconds) / 60), hours = Math.floor(minutes / 60);
            if (minutes === 0) { return Math.floor(Math.max(0, seconds)) + ' s'; }
            if (hours === 0) { return minutes + ' min'; }
            if (48 > hours) { return hours + ' h ' + two(minutes % 60) + ' min'; }
            return Math.floor(hours / 24) + ' days';
          }
          function day(date) { return date.getFullYear() + '-' + two(date.getMonth() + 1) + '-' + two(date.getDate()); }
          function clock(date) { return two(date.getHours()) + ':' + two(date.getMinutes()); }
          function moment(date, isExact) {
            var time = clock(date) + (isExact ? ':' + two(date.getSeconds()) : '');
            return day(date) === day(new Date()) ? time : day(date) + ' ' + time;
          }
          all('time').forEach(function (time) { time.title = time.textContent; });
          function show() {
            all('time.when').forEach(function (time) {
              time.textContent = moment(new Date(time.dateTime), time.id === 'written');
            });
            all('time.since').forEach(function (time) {
              time.textContent = 'for ' + span((Date.now() - Date.parse(time.dateTime)) / 1000);
            });
            var age = (Date.now() - written) / 1000, stale = document.getElementById('stale');
            if (document.querySelector('main').dataset.runner === 'works') {
              var text = 'This page was written ' + span(age) + ' ago: no runner seems to work here.';
              stale.hidden = 60 >= age;
              document.body.classList.toggle('old', age > 60);
              if (age > 60) { if (stale.textContent !== text) { stale.textContent = text; } }
            }
          }
          function links() { return all('a[href], summary, input, [tabindex]'); }
          function named(item) { return item.tagName + (item.getAttribute('href') || item.dataset.keep || item.textContent); }
          function keep() {
            var active = document.activeElement, list = links().filter(function (item) {
              return active ? named(item) === named(active) : false;
            });
            save('place', {
              x: scrollX, y: scrollY,
              open: all('details[open]').map(function (item) { return item.id; }),
              inner: all('[data-keep]').map(function (item) { return [item.dataset.keep, item.scrollLeft]; }),
              focus: active === document.body ? null : [named(active), list.indexOf(active)]
            });
          }
          function restore() {
            var place = load('place');
            if (!place) { return; }
            place.open.forEach(function (id) {
              var item = document.getElementById(id);
              if (item) { item.open = true; }
            });
            place.inner.forEach(function (pair) {
              all('[data-keep]').forEach(function (item) { if (item.dataset.keep === pair[0]) { item.scrollLeft = pair[1]; } });
            });
            if (place.focus) {
              var same = links().filter(function (item) { return named(item) === place.focus[0]; });
              if (same[place.focus[1]]) { same[place.focus[1]].focus({preventScroll: true}); }
            }
            scrollTo(place.x, place.y);
          }
          function selects() { var selection = getSelection(); return selection ? !selection.isCollapsed : false; }
          function tick() {
            show();
            if (!auto.checked || document.hidden || selects() || 5000 > Date.now() - loaded) { return; }
            loaded = Date.now();
            keep();
            location.reload();
          }
          auto.parentNode.hidden = false;
          auto.checked = load('auto') !== false;
          auto.addEventListener('change', function () { save('auto', auto.checked); });
          document.addEventListener('visibilitychange', tick);
          show();
          if (performance.getEntriesByType('navigation').some(function (entry) { return entry.type === 'reload'; })) {
            history.scrollRestoration = 'manual';
            restore();
          }
          setInterval(tick, 1000);
        }());
        """
}
