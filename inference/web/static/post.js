// A POST with the SHA-256 of its body: CloudFront signs requests to a function URL, and not without it.
// Browsers offer the digest on https and on this machine only, which is where it can be needed.
export async function post(address, body, { type, headers = {}, signal } = {}) {
  const bytes = new TextEncoder().encode(body);
  if (crypto.subtle) {
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    headers = { ...headers, "x-amz-content-sha256": [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("") };
  }
  signal?.throwIfAborted();
  const reply = await fetch(address, { method: "POST", body: bytes, signal, headers: { ...headers, "Content-Type": type ?? "application/x-www-form-urlencoded" } });
  if (reply.status === 401 && address !== "/sign-in") location.assign("/sign-in");
  return reply;
}
