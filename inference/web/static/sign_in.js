// The form works without this file, but not behind CloudFront (see post.js).
import { post } from "./post.js";

const form = document.getElementById("signin");
const refused = document.getElementById("refused");

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    const reply = await post("/sign-in", new URLSearchParams(new FormData(form)).toString());
    if (reply.ok) { location.replace("/"); return; }
    refused.textContent = reply.status === 429 ? "Too many tries; wait a minute." : "This is not the key.";
  } catch {
    refused.textContent = "The service cannot be reached.";
  }
  refused.hidden = false;
  form.elements.key.select();
});
