// What takes long to compute is computed where it may be seen: near the window, or on paper.

"use strict";

const ON_PAPER = 2000; // milliseconds that printing may wait for what nobody has looked at yet

/**
 * Begin what an element is filled with once that comes within a window's height of the window, or is printed.
 *
 * The answer takes `begin()`, which replaces what it took before and is called at once where the element is near. It
 * returns { stop, finish }: what ends it, and what goes on with it until a time without letting the browser do other things.
 */
function whenNear(element) {
  let [near, begin, work] = [false, null, null];

  function start() {
    work ??= begin?.();
  }

  const look = (entries) => {
    near = entries.at(-1).isIntersecting;
    if (near) {
      start();
    }
  };
  new IntersectionObserver(look, { rootMargin: "100%" }).observe(element);
  addEventListener("beforeprint", () => {
    start();
    work?.finish(performance.now() + ON_PAPER);
  });
  return (other) => {
    work?.stop();
    [begin, work] = [other, null];
    if (near) {
      start();
    }
  };
}
