// Package decoders checks that the decoders of other people read the same config from the same file.
package decoders
