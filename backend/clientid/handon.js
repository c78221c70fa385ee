(function () {
  // The state says a port of this computer, and nothing else of it counts: see handon.go.
  var state = new URLSearchParams(location.search).getAll('state')
  var found = state.length === 1 && /^([1-9][0-9]{3,4})\./.exec(state[0])
  var port = found ? Number(found[1]) : 0
  var leads = port >= 1024 && port <= 65535
  document.getElementById(leads ? 'going' : 'lost').hidden = false
  if (leads) location.href = 'http://127.0.0.1:' + port + '/callback' + location.search
})()
