/** The doctor's day. */

import { keepLive } from "./live-queue.js";

const list = document.getElementById("queue");
if (list) keepLive(list);
