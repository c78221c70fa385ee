// One box per digit, which submit by themselves when all are full. A paste, or a phone that fills in the whole
// code at once, goes over all of them.
const form = document.querySelector('#code')
const boxes = [...form.querySelectorAll('.otp-box')]

for (const [at, box] of boxes.entries()) {
  box.addEventListener('input', () => {
    const digits = box.value.replace(/\D/g, '')
    box.value = ''
    const from = digits.length >= boxes.length ? 0 : at
    for (const [i, digit] of [...digits].entries()) if (boxes[from + i]) boxes[from + i].value = digit
    if (digits) boxes[Math.min(from + digits.length, boxes.length - 1)].focus()
    const code = boxes.map(({ value }) => value).join('')
    if (code.length < boxes.length) return
    form.elements.code.value = code
    for (const one of boxes) one.readOnly = true
    form.requestSubmit()
  })
  box.addEventListener('focus', () => box.select())
  box.addEventListener('keydown', ({ key }) => {
    if (key === 'Backspace' && !box.value) boxes[at - 1]?.focus()
  })
}
boxes[0].focus()
