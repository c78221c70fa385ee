package main

import "context"

func verify(context.Context, options) error { return nil }
