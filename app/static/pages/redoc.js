window.addEventListener("load", () => {
  Redoc.init("/openapi.json", { nativeScrollbars: true, hideDownloadButtons: false }, document.getElementById("page"));
});
