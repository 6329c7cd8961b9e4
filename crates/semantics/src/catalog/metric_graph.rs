//! Which metrics are made of which: order of definition, and cycles.

/// The metrics in an order in which each comes after its inputs, or the cycles that forbid one.
///
/// `inputs[i]` are the positions that metric `i` is made of. Every cycle is given once, as the
/// positions along it from its smallest.
pub fn order(inputs: &[Vec<usize>]) -> Result<Vec<usize>, Vec<Vec<usize>>> {
    let mut state = vec![State::New; inputs.len()];
    let mut order = Vec::with_capacity(inputs.len());
    let mut cycles = Vec::new();
    for start in 0..inputs.len() {
        visit(start, inputs, &mut state, &mut order, &mut cycles);
    }
    if cycles.is_empty() { Ok(order) } else { Err(cycles) }
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    New,
    Open,
    Done,
}

/// Depth-first with a stack of our own, so that a long chain of metrics cannot exhaust the thread's.
fn visit(
    start: usize,
    inputs: &[Vec<usize>],
    state: &mut [State],
    order: &mut Vec<usize>,
    cycles: &mut Vec<Vec<usize>>,
) {
    if state[start] != State::New {
        return;
    }
    let mut path: Vec<(usize, usize)> = vec![(start, 0)];
    state[start] = State::Open;
    while let Some((at, next)) = path.last_mut() {
        let at = *at;
        let Some(&input) = inputs[at].get(*next) else {
            state[at] = State::Done;
            order.push(at);
            path.pop();
            continue;
        };
        *next += 1;
        match state[input] {
            State::New => {
                state[input] = State::Open;
                path.push((input, 0));
            }
            State::Open => {
                let from = path.iter().position(|(node, _)| *node == input).expect("an open node is on the path");
                let mut cycle: Vec<usize> = path[from..].iter().map(|(node, _)| *node).collect();
                let smallest = (0..cycle.len()).min_by_key(|i| cycle[*i]).unwrap_or(0);
                cycle.rotate_left(smallest);
                if !cycles.contains(&cycle) {
                    cycles.push(cycle);
                }
            }
            State::Done => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::order;

    #[test]
    fn inputs_come_first() {
        assert_eq!(order(&[vec![1, 2], vec![2], vec![]]), Ok(vec![2, 1, 0]));
    }

    #[test]
    fn each_cycle_is_found_once() {
        assert_eq!(order(&[vec![1], vec![2], vec![0], vec![3]]), Err(vec![vec![0, 1, 2], vec![3]]));
    }

    #[test]
    fn a_long_chain_needs_no_stack() {
        let chain: Vec<Vec<usize>> = (0..200_000).map(|i| if i < 199_999 { vec![i + 1] } else { vec![] }).collect();
        assert_eq!(order(&chain).map(|o| o.len()), Ok(200_000));
    }
}
