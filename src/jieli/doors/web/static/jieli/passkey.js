// Passkeys: asks the house what to ask, asks the authenticator, hands its answer back.
"use strict";

const bytes = (text) => {
  const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(plain, (c) => c.charCodeAt(0));
};
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

const post = async (form, address, body) => {
  const response = await fetch(address, {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      Accept: "application/json",
      "X-CSRFToken": form.elements.csrfmiddlewaretoken.value,
    },
    body: JSON.stringify(body),
  });
  const kind = response.headers.get("Content-Type") || "";
  const found = kind.includes("json") ? await response.json() : null;
  if (!response.ok || !found) {
    throw new Error(found ? found.error + found.remedy : "页面已过期。请刷新页面后重试。");
  }
  return found;
};

const create = async ({ publicKey }) => {
  const made = await navigator.credentials.create({
    publicKey: {
      ...publicKey,
      challenge: bytes(publicKey.challenge),
      user: { ...publicKey.user, id: bytes(publicKey.user.id) },
      excludeCredentials: (publicKey.excludeCredentials || []).map((c) => ({ ...c, id: bytes(c.id) })),
    },
  });
  return answer(made, {
    clientDataJSON: text(made.response.clientDataJSON),
    attestationObject: text(made.response.attestationObject),
  });
};

const get = async ({ publicKey }) => {
  const shown = await navigator.credentials.get({
    publicKey: {
      ...publicKey,
      challenge: bytes(publicKey.challenge),
      // Signing names the signer's own passkeys; signing in names none.
      allowCredentials: (publicKey.allowCredentials || []).map((c) => ({ ...c, id: bytes(c.id) })),
    },
  });
  return answer(shown, {
    clientDataJSON: text(shown.response.clientDataJSON),
    authenticatorData: text(shown.response.authenticatorData),
    signature: text(shown.response.signature),
    userHandle: shown.response.userHandle ? text(shown.response.userHandle) : null,
  });
};

const answer = (credential, response) => ({
  id: credential.id,
  rawId: text(credential.rawId),
  type: credential.type,
  response,
});

const WHY = {
  NotAllowedError: "没有完成：已取消、已超时，或这台设备上没有本站的通行密钥。请重试，或换用登记过的设备。",
  InvalidStateError: "这台设备已经登记过。请直接用它登录，或换一台设备。",
  SecurityError: "浏览器不允许在这个网址使用通行密钥。请用 https 网址打开；在本机请用 localhost。",
  NotSupportedError: "这台设备不支持通行密钥。请换一台手机或电脑。",
};

document.addEventListener("submit", async (event) => {
  const form = event.target.closest("form[data-passkey]");
  if (!form) return;
  event.preventDefault();
  const say = form.querySelector("[data-say]");
  const button = form.querySelector("button");
  say.textContent = "请在设备上按指纹、看一眼屏幕，或输入设备的解锁密码。";
  say.dataset.tone = "plain";
  button.disabled = true;
  try {
    const ask = form.dataset.passkey === "create" ? create : get;
    const options = await post(form, form.dataset.begin, {});
    const body = { answer: await ask(options) };
    for (const name of ["label", "next"]) {
      if (form.elements[name]) body[name] = form.elements[name].value;
    }
    window.location.assign((await post(form, form.action, body)).next);
  } catch (error) {
    say.textContent = WHY[error.name] || error.message;
    say.dataset.tone = "late";
    button.disabled = false;
    button.focus();
  }
});

if (!window.PublicKeyCredential) {
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    const say = form.querySelector("[data-say]");
    say.textContent = WHY.NotSupportedError;
    say.dataset.tone = "late";
  }
}
