package testproxy

// Chunk is what one read brought, about to be forwarded. Its borders are accidental; a protocol with more
// than one message in flight may put several of them into one chunk, or one into several.
type Chunk struct {
	Conn       *Conn
	FromClient bool
	Trip       int // the round trip it belongs to; 0: before the client has said anything
	Data       []byte
}

// Action is what becomes of a chunk.
type Action int

// What a rule can ask for.
const (
	Pass  Action = iota // forward it
	Stall               // hold it, and all that follows it in its direction, until Resume or until the client hangs up
	Close               // drop it and close the connection in an orderly way, at both ends
	Reset               // drop it and reset the connection, at both ends
)

// SetRule has rule called for each chunk before it is forwarded; nil ends that. It runs on the goroutines of
// the connections, so it may be called concurrently, and it must not keep or change the data.
func (p *Proxy) SetRule(rule func(Chunk) Action) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rule = rule
}

// Stall holds back whatever comes from now on, in both directions and on every connection.
func (p *Proxy) Stall() { p.SetRule(func(Chunk) Action { return Stall }) }

// StallAnswers holds back what servers send from the given round trip of each connection on. 0 is the
// greeting of those that speak first, 1 the answer to what the client says first.
func (p *Proxy) StallAnswers(from int) {
	p.SetRule(func(c Chunk) Action {
		if !c.FromClient && c.Trip >= from {
			return Stall
		}
		return Pass
	})
}

// Resume ends the rule and lets what it has held go on.
func (p *Proxy) Resume() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rule = nil
	close(p.resume)
	p.resume = make(chan struct{})
}

// decide asks the rule. The channel tells when a stall that it asks for is over.
func (p *Proxy) decide(chunk Chunk) (Action, <-chan struct{}) {
	p.mu.Lock()
	rule, resume := p.rule, p.resume
	p.mu.Unlock()
	if rule == nil {
		return Pass, resume
	}
	return rule(chunk), resume
}
