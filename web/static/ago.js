// How long ago a moment was, in the page's language, and kept current.

const texts = document.body.dataset;

/** Return 1 h 05 min of so many seconds. */
export function duration(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 60) return texts.seconds.replace("{s}", whole);
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return texts.minutes.replace("{m}", minutes);
  const hours = Math.floor(minutes / 60);
  if (hours < 48) {
    return texts.hours.replace("{h}", hours).replace("{m}", String(minutes % 60).padStart(2, "0"));
  }
  return texts.days.replace("{d}", Math.floor(hours / 24)).replace("{h}", hours % 24);
}

// The server's clock decides: a wall's computer may be minutes off.
let ahead = 0;

/** Take a moment of the server's as that of now. */
export function setServerTime(iso) {
  ahead = Date.parse(iso) - Date.now();
}

/** Return the server's time, in milliseconds. */
export function serverTime() {
  return Date.now() + ahead;
}

/** Write how long ago each moment on the page was. */
export function writeAges(root = document) {
  for (const time of root.querySelectorAll("time[data-ago]")) {
    const text = duration((serverTime() - Date.parse(time.dateTime)) / 1000);
    if (time.textContent !== text) time.textContent = text;
  }
}

setInterval(writeAges, 1000);
writeAges();
// Without a script the moment itself stands there, and is not said twice.
document.documentElement.classList.add("aged");
