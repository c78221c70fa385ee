// Package room is where the targets are that TestRun lets fail in each way.
package room
