// Shows one service's API; the address of its description stands on the page.
window.addEventListener("load", () => {
  const box = document.getElementById("api");
  SwaggerUIBundle({ url: box.dataset.url, domNode: box, deepLinking: true, validatorUrl: null });
});
