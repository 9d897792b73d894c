// What scrolls sideways can be reached and scrolled by keyboard, too.
window.addEventListener("load", () => {
  for (const part of document.querySelectorAll("pre, .table-wrapper, .formula")) {
    const hidden = part.scrollWidth > part.clientWidth || part.scrollHeight > part.clientHeight;
    if (hidden) part.tabIndex = 0;
  }
});
