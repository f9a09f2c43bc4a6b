package tdstest

import (
	"errors"
	"fmt"
)

// done is a DONE token that is held back: what comes after it decides whether there is more.
type done struct {
	token  byte
	status uint16
	rows   int64
	isRows bool // they were selected, not changed
}

// commandSelect is the number that SQL Server has for SELECT in DONE tokens.
const commandSelect = 0xc1

// put adds tokens to the response, after the end of what was before them.
func (s *session) put(b []byte) error {
	if d := s.done; d != nil {
		s.done = nil
		if err := s.putDone(*d, doneMore); err != nil {
			return err
		}
	}
	_, err := s.packets.Write(b)
	return err
}

func (s *session) putDone(d done, more uint16) error {
	command := uint16(0)
	if d.isRows {
		command = commandSelect
	}
	_, err := s.packets.Write(appendDone(nil, d.token, d.status|more, command, d.rows))
	return err
}

// finished holds back the end of a statement.
func (s *session) finished(d done) error {
	if err := s.put(nil); err != nil {
		return err
	}
	s.done = &d
	return nil
}

// errSevere ends the connection after an error that is that severe.
var errSevere = errors.New("the server ended the session with a severe error")

// answer does what a message asks for and sends the response. An error ends the connection.
func (s *session) answer(d delivery) error {
	switch d.kind {
	case typeBatch, typeRPC, typeTran:
	case typeAttention: // nothing runs any more
		return s.packets.reply(typeReply, appendDone(nil, tokenDone, doneAttention, 0, 0))
	default:
		return fmt.Errorf("message of type %#x after the login", d.kind)
	}
	req, broken := parseRequest(d.message)
	s.note(func(c *Connection) { c.Requests = append(c.Requests, req) })
	s.packets.begin(typeReply)
	s.done = nil

	err := s.at(OnRequest)
	switch {
	case err != nil:
	case broken != nil:
		_, err = s.say(tokenDone, Message{Number: 8009, State: 4, Text: "The incoming tabular data stream (TDS) remote procedure call (RPC) " +
			"protocol stream is incorrect: " + broken.Error() + "."})
	default:
		if err = s.reset(req); err == nil {
			err = s.execute(d.ctx, req)
		}
	}
	return s.finish(s.flight.end(), err)
}

// finish ends the response: with the end of its last statement, or with why the request was cut short.
func (s *session) finish(why, err error) error {
	if err != nil && err != errSevere && err != why {
		return err // there is nobody to tell
	}
	switch why {
	case nil:
	case errAttention:
		if err == why {
			err = nil
		}
		if err := s.finished(done{token: tokenDone, status: doneAttention}); err != nil {
			return err
		}
	case errKilled, errShutdown:
		var b []byte
		if why == errShutdown {
			b = appendMessage(b, ShuttingDown())
		}
		if err := s.put(appendMessage(b, Killed())); err != nil {
			return err
		}
		s.done, err = &done{token: tokenDone, status: doneSevere}, why
	default:
		return why
	}
	return errors.Join(s.putDone(*s.done, 0), s.packets.end(), err)
}

// asMessage makes an error one that the client gets.
func asMessage(err error) Message {
	if m, ok := errors.AsType[Message](err); ok {
		return m
	}
	return Message{Number: 50000, Text: err.Error()}
}

// reset does what a pool wants when it hands a connection out: MS-TDS, "Packet Header", RESETCONNECTION. The isolation
// level stays what it is, as on every SQL Server but Azure's: https://github.com/dotnet/SqlClient/issues/96
func (s *session) reset(req Request) error {
	if !req.Reset {
		return nil
	}
	if !req.KeepTran {
		if err := s.put(s.endTran(envRollback)); err != nil {
			return err
		}
	}
	return s.put(appendEnvBytes(nil, envResetAck, nil, nil))
}
