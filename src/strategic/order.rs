//! Go's two sorts, step by step, because their steps show.
//!
//! Strategic merge sorts lists with a comparison that answers true for equal keys, and restores their order with one that is no
//! order at all. What comes out then depends on the very exchanges that Go makes: `sort.Sort` is a pattern-defeating quicksort,
//! `sort.SliceStable` an insertion sort of blocks with symmetric merges (Go 1.19 to 1.26, `sort/zsortinterface.go` and
//! `zsortfunc.go`). Nothing here knows what is sorted. Left out: nothing that can be seen from outside.

/// Sorts as Go's `sort.Sort` does; `less` may answer anything.
pub(super) fn sort<T>(items: &mut [T], less: impl Fn(&T, &T) -> bool) {
    let length = items.len();
    let limit = usize::BITS - length.leading_zeros();
    Sorter { items, less }.quick(0, length, limit);
}

/// Sorts as Go's `sort.SliceStable` does; `less` may answer anything.
pub(super) fn sort_stable<T>(items: &mut [T], less: impl Fn(&T, &T) -> bool) {
    const BLOCK: usize = 20;
    let length = items.len();
    let mut sorter = Sorter { items, less };
    for start in (0..length).step_by(BLOCK) {
        sorter.insertion(start, length.min(start + BLOCK));
    }
    let mut block = BLOCK;
    while block < length {
        for start in (0..length).step_by(2 * block) {
            let middle = start + block;
            if middle < length {
                sorter.merge(start, middle, length.min(middle + block));
            }
        }
        block *= 2;
    }
}

/// What the choice of a pivot says about the range.
#[derive(Clone, Copy, PartialEq)]
enum Hint {
    Unknown,
    Increasing,
    Decreasing,
}

/// Asks `less` about positions and exchanges them; every range below lies inside the list.
struct Sorter<'s, T, F> {
    items: &'s mut [T],
    less: F,
}

impl<T, F: Fn(&T, &T) -> bool> Sorter<'_, T, F> {
    fn less(&self, left: usize, right: usize) -> bool {
        (self.less)(&self.items[left], &self.items[right])
    }

    fn exchange(&mut self, left: usize, right: usize) {
        self.items.swap(left, right);
    }

    fn insertion(&mut self, start: usize, end: usize) {
        for from in start + 1..end {
            self.sink_left(from, start);
        }
    }

    /// Moves an item left past all that it is less than, down to `stop`.
    fn sink_left(&mut self, from: usize, stop: usize) {
        let mut at = from;
        while at > stop && self.less(at, at - 1) {
            self.exchange(at, at - 1);
            at -= 1;
        }
    }

    fn quick(&mut self, mut start: usize, mut end: usize, mut limit: u32) {
        let (mut balanced, mut partitioned) = (true, true);
        loop {
            let length = end - start;
            if length <= 12 {
                self.insertion(start, end);
                return;
            }
            if limit == 0 {
                self.heap(start, end);
                return;
            }
            if !balanced {
                self.break_patterns(start, end);
                limit -= 1;
            }
            let (mut pivot, mut hint) = self.choose_pivot(start, end);
            if hint == Hint::Decreasing {
                self.items[start..end].reverse();
                pivot = (end - 1) - (pivot - start);
                hint = Hint::Increasing;
            }
            if balanced && partitioned && hint == Hint::Increasing && self.insert_partially(start, end) {
                return;
            }
            if start > 0 && !self.less(start - 1, pivot) {
                start = self.partition_equal(start, end, pivot);
                continue;
            }
            let (middle, already) = self.partition(start, end, pivot);
            partitioned = already;
            let (left, right) = (middle - start, end - middle);
            if left < right {
                balanced = left >= length / 8;
                self.quick(start, middle, limit);
                start = middle + 1;
            } else {
                balanced = right >= length / 8;
                self.quick(middle + 1, end, limit);
                end = middle;
            }
        }
    }

    /// Items before the answered position are less than the pivot, which stands there; also whether they were so already.
    fn partition(&mut self, start: usize, end: usize, pivot: usize) -> (usize, bool) {
        self.exchange(start, pivot);
        let (mut left, mut right) = (start + 1, end - 1);
        let mut already = true;
        loop {
            while left <= right && self.less(left, start) {
                left += 1;
            }
            while left <= right && !self.less(right, start) {
                right -= 1;
            }
            if left > right {
                self.exchange(right, start);
                return (right, already);
            }
            already = false;
            self.exchange(left, right);
            left += 1;
            right -= 1;
        }
    }

    /// Items before the answered position are taken to equal the pivot.
    fn partition_equal(&mut self, start: usize, end: usize, pivot: usize) -> usize {
        self.exchange(start, pivot);
        let (mut left, mut right) = (start + 1, end - 1);
        loop {
            while left <= right && !self.less(start, left) {
                left += 1;
            }
            while left <= right && self.less(start, right) {
                right -= 1;
            }
            if left > right {
                return left;
            }
            self.exchange(left, right);
            left += 1;
            right -= 1;
        }
    }

    /// Repairs a range that is nearly sorted; answers whether it is sorted now.
    fn insert_partially(&mut self, start: usize, end: usize) -> bool {
        let mut at = start + 1;
        for _ in 0..5 {
            while at < end && !self.less(at, at - 1) {
                at += 1;
            }
            if at == end {
                return true;
            }
            if end - start < 50 {
                return false;
            }
            self.exchange(at, at - 1);
            if at - start >= 2 {
                // Upstream: this goes on to the front of the whole list, not of the range.
                self.sink_left(at - 1, 0);
            }
            for right in at + 1..end {
                if !self.less(right, right - 1) {
                    break;
                }
                self.exchange(right, right - 1);
            }
        }
        false
    }

    /// Scatters three items near the middle, so that a bad pattern does not come again.
    fn break_patterns(&mut self, start: usize, end: usize) {
        let length = end - start;
        let mut random = length as u64;
        let mask = (1u64 << (u64::BITS - random.leading_zeros())) - 1;
        let middle = start + length / 4 * 2;
        for at in middle - 1..=middle + 1 {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            // Below twice the length by the mask: it fits.
            let mut other = usize::try_from(random & mask).unwrap_or(0);
            if other >= length {
                other -= length;
            }
            self.exchange(at, start + other);
        }
    }

    fn choose_pivot(&self, start: usize, end: usize) -> (usize, Hint) {
        let length = end - start;
        let quarter = length / 4;
        let (mut i, mut j, mut k) = (start + quarter, start + quarter * 2, start + quarter * 3);
        let mut exchanges = 0;
        if length >= 8 {
            if length >= 50 {
                i = self.median(i - 1, i, i + 1, &mut exchanges);
                j = self.median(j - 1, j, j + 1, &mut exchanges);
                k = self.median(k - 1, k, k + 1, &mut exchanges);
            }
            j = self.median(i, j, k, &mut exchanges);
        }
        match exchanges {
            0 => (j, Hint::Increasing),
            12 => (j, Hint::Decreasing),
            _ => (j, Hint::Unknown),
        }
    }

    fn median(&self, a: usize, b: usize, c: usize, exchanges: &mut usize) -> usize {
        let mut ordered = |left: usize, right: usize| {
            if self.less(right, left) {
                *exchanges += 1;
                (right, left)
            } else {
                (left, right)
            }
        };
        let (a, b) = ordered(a, b);
        let (b, _) = ordered(b, c);
        let (_, b) = ordered(a, b);
        b
    }

    fn heap(&mut self, start: usize, end: usize) {
        let length = end - start;
        for root in (0..=(length - 1) / 2).rev() {
            self.sift_down(root, length, start);
        }
        for last in (0..length).rev() {
            self.exchange(start, start + last);
            self.sift_down(0, last, start);
        }
    }

    fn sift_down(&mut self, mut root: usize, end: usize, start: usize) {
        loop {
            let mut child = 2 * root + 1;
            if child >= end {
                return;
            }
            if child + 1 < end && self.less(start + child, start + child + 1) {
                child += 1;
            }
            if !self.less(start + root, start + child) {
                return;
            }
            self.exchange(start + root, start + child);
            root = child;
        }
    }

    /// Merges two sorted neighbours in place.
    fn merge(&mut self, start: usize, middle: usize, end: usize) {
        if middle - start == 1 {
            let (mut i, mut j) = (middle, end);
            while i < j {
                let probe = (i + j) / 2;
                if self.less(probe, start) { i = probe + 1 } else { j = probe }
            }
            self.items[start..i].rotate_left(1);
            return;
        }
        if end - middle == 1 {
            let (mut i, mut j) = (start, middle);
            while i < j {
                let probe = (i + j) / 2;
                if self.less(middle, probe) { j = probe } else { i = probe + 1 }
            }
            self.items[i..=middle].rotate_right(1);
            return;
        }
        let half = (start + end) / 2;
        let sum = half + middle;
        let (mut first, mut r) = if middle > half { (sum - end, half) } else { (start, middle) };
        let mirror = sum - 1;
        while first < r {
            let probe = (first + r) / 2;
            if self.less(mirror - probe, probe) { r = probe } else { first = probe + 1 }
        }
        let last = sum - first;
        self.items[first..last].rotate_left(middle - first);
        if start < first && first < half {
            self.merge(start, first, half);
        }
        if half < last && last < end {
            self.merge(half, last, end);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Answers of Go 1.26 to keys that repeat: the sort, the keys, and the positions in the order in which they came out.
    const VECTORS: &str = include_str!("order_vectors.txt");

    #[test]
    fn as_go_sorts() {
        let numbers = |text: &str| text.split_whitespace().map(|word| word.parse().unwrap()).collect::<Vec<usize>>();
        let is_odd = |a: usize, b: usize| (a * 7 + b * 13) % 5 < 2;
        let mut seen = 0;
        for line in VECTORS.lines().filter(|line| !line.starts_with('#')) {
            let mut parts = line.split('|');
            let (way, keys, expected) =
                (parts.next().unwrap().trim(), numbers(parts.next().unwrap()), numbers(parts.next().unwrap()));
            let mut positions: Vec<usize> = (0..keys.len()).collect();
            match way {
                "sort" => sort(&mut positions, |&a, &b| keys[a] <= keys[b]),
                "strict" => sort(&mut positions, |&a, &b| keys[a] < keys[b]),
                // Key 0 stands for an item that is not in the order list.
                "wild" => sort(&mut positions, |&a, &b| keys[a] == 0 || keys[b] == 0 || keys[a] < keys[b]),
                "stable" => sort_stable(&mut positions, |&a, &b| keys[a] == 0 || keys[b] == 0 || keys[a] < keys[b]),
                // No order at all, not even for one item with itself.
                "odd" => sort(&mut positions, |&a, &b| is_odd(keys[a], keys[b])),
                "odd-stable" => sort_stable(&mut positions, |&a, &b| is_odd(keys[a], keys[b])),
                other => panic!("{other}"),
            }
            assert_eq!(positions, expected, "{line}");
            seen += 1;
        }
        assert!(seen > 100, "{seen}");
    }

    #[test]
    fn sorts_what_is_an_order() {
        for length in 0..400usize {
            let mut items: Vec<usize> = (0..length).map(|at| at * 7919 % 1009).collect();
            let mut expected = items.clone();
            expected.sort_unstable();
            let mut stable = items.clone();
            sort(&mut items, |a, b| a <= b);
            sort_stable(&mut stable, |a, b| a < b);
            assert_eq!((&items, &stable), (&expected, &expected), "{length}");
        }
    }
}
