// Says while the person types whether the name can be had. The server checks again when the form comes.
const input = document.querySelector('#handle')
const says = document.querySelector('#says')
const request_uri = document.querySelector('main').dataset.request

input.addEventListener('input', async () => {
  const handle = input.value
  const answer = await fetch(`/auth/check-handle?${new URLSearchParams({ request_uri, handle })}`)
  const { available, why } = await answer.json()
  if (input.value === handle) says.textContent = available ? `${handle}.mail.test is free.` : why
})
