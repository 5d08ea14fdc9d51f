// Package simulator owns stand-ins for the hospital's systems, as
// http.Handlers that speak package wire over real HTTP and can be told to fail
// in the ways the real ones do. It holds everything in memory, or in a file where it is told to, knows nothing of
// our database, and its drugs, batches and trace codes are invented (演示). It
// is for the demo, the tour and tests; nothing in production imports it but
// the commands that start the demo.
package simulator
