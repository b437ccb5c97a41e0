/**
 * Which browser this is, as far as the way to allow the camera differs. Pure: user agent in, name out.
 * @module
 */

/** @typedef {"in-app"|"safari-ios"|"other-ios"|"samsung"|"firefox-android"|"chrome-android"|"safari-mac"|"edge"|"firefox"|"chrome"|"other"} Browser */

/** Browsers inside other apps: most give no camera, and their settings are out of reach. */
const IN_APP = /FBAN|FBAV|FB_IAB|Instagram|Line\/|MicroMessenger|Snapchat|LinkedInApp|TikTok|musical_ly|GSA\/|; wv\)|WhatsApp|Twitter/;

/** In this order: every one of them also claims to be those after it. @type {[RegExp, Browser][]} */
const MARKS = [
  [/SamsungBrowser/, "samsung"],
  [/Android.*Firefox|Android.*FxiOS/, "firefox-android"],
  [/Android.*(Chrome|EdgA)/, "chrome-android"],
  [/Edg\//, "edge"],
  [/Firefox\//, "firefox"],
  [/Chrome\/|Chromium\//, "chrome"],
  [/Macintosh.*Version\/.*Safari/, "safari-mac"],
];

/**
 * @param {string} agent  navigator.userAgent
 * @param {number} [touchPoints]  navigator.maxTouchPoints: an iPad says that it is a Mac
 * @returns {Browser}
 */
export function browserOf(agent, touchPoints = 0) {
  if (IN_APP.test(agent)) return "in-app";
  const apple = /iPhone|iPad|iPod/.test(agent) || (/Macintosh/.test(agent) && touchPoints > 1);
  if (apple) return /CriOS|FxiOS|EdgiOS|OPT\//.test(agent) ? "other-ios" : /Safari/.test(agent) ? "safari-ios" : "in-app";
  return MARKS.find(([mark]) => mark.test(agent))?.[1] ?? "other";
}
