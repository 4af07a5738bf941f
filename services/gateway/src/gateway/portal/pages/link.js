const token = new URLSearchParams(location.search).get("token");
const verifies = location.pathname.startsWith("/verify-email");
const form = document.getElementById(verifies ? "verify" : "reset");
const said = document.getElementById("said");

async function use(event) {
  event.preventDefault();
  const body = verifies ? { token } : { token, new_password: document.getElementById("password").value };
  said.textContent = "One moment.";
  try {
    const answer = await fetch(`/api/v1/auth/${verifies ? "verify-email" : "reset-password"}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    if (answer.ok) {
      form.hidden = true;
      said.textContent = verifies ? "Thank you. You can sign in now." : "Your password is changed. Sign in with it.";
    } else {
      said.textContent = (await answer.json()).detail;
    }
  } catch {
    said.textContent = "There was no answer. Try again in a moment.";
  }
}

if (token) {
  history.replaceState(null, "", location.pathname);
  form.hidden = false;
  said.textContent = "";
  form.addEventListener("submit", use);
}
