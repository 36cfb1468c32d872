// Chooses the width that every mail is shown at, and shows the HTML or the text part.
"use strict";
const frames = document.querySelectorAll("iframe");
const resize = () => {
  for (const frame of frames) {
    const page = frame.contentDocument;
    if (page && page.documentElement) frame.style.height = `${page.documentElement.scrollHeight + 2}px`;
  }
};
for (const frame of frames) frame.addEventListener("load", resize);
document.querySelector("form").addEventListener("change", (event) => {
  const form = new FormData(event.currentTarget);
  for (const frame of frames) {
    frame.style.width = `${form.get("width")}px`;
    const source = `${frame.dataset.language}.${form.get("part")}`;
    if (frame.getAttribute("src") !== source) frame.src = source;
  }
  resize();
});
window.addEventListener("load", resize);
