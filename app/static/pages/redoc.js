window.addEventListener("load", async () => {
  const options = { nativeScrollbars: true, hideDownloadButtons: true };
  Redoc.init(await loadDocument(), options, document.getElementById("page"));
});
