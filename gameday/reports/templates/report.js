// Paper has no folds: open everything before printing, and put it back after.
var opened = [];
addEventListener("beforeprint", function () {
  opened = Array.from(document.querySelectorAll("details:not([open])"));
  opened.forEach(function (one) { one.open = true; });
});
addEventListener("afterprint", function () {
  opened.forEach(function (one) { one.open = false; });
});
