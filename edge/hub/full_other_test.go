//go:build !linux

package hub

func prepare(*Hub) error { return nil }
