/** The code page: the wait before another code counts down, and phones that can fill the code in do so. */

for (const button of document.querySelectorAll("button[data-wait-s]")) {
  if (button instanceof HTMLButtonElement) countDown(button, Number(button.dataset.waitS));
}

/**
 * @param {HTMLButtonElement} button
 * @param {number} seconds
 */
function countDown(button, seconds) {
  if (!(seconds > 0)) return;
  const words = button.lastChild?.textContent ?? "";
  const until = performance.now() + seconds * 1000;
  button.disabled = true;
  const timer = setInterval(tick, 500);
  tick();

  function tick() {
    const left = Math.ceil((until - performance.now()) / 1000);
    button.lastChild?.replaceWith(left > 0 ? `${words} (${left} s)` : words);
    if (left > 0) return;
    clearInterval(timer);
    button.disabled = false;
  }
}

const input = document.getElementById("code");
if (input instanceof HTMLInputElement && "OTPCredential" in globalThis) {
  // WebOTP: the last line of our text message names this site and the code.
  const ask = /** @type {CredentialRequestOptions} */ (/** @type {unknown} */ ({ otp: { transport: ["sms"] } }));
  navigator.credentials.get(ask).then(
    (found) => {
      input.value = /** @type {{code?: string}} */ (/** @type {unknown} */ (found))?.code ?? "";
    },
    () => undefined, // asked elsewhere, or the person typed it
  );
}
