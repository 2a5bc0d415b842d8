// Chapters 1 to 5: gates.

import type { Lesson } from "./lesson";

export const FIRST: Lesson[] = [
  {
    id: "apple",
    state: { e: "x * m * t", at: { x: 100, m: 2, t: 1.1 }, step: 0 },
    answer: "g m",
    en: {
      title: "The apple",
      paragraphs: [
        "An apple costs {v x}, you buy {v m} of them, and the tax multiplies the price by {v t}. The graph computes what you pay, from left to right: {out}. That is the forward pass.",
        "If the price of an apple rises a little, how much more do you pay? The backward pass answers it for every input at once. It starts with 1 at the result and goes from gate to gate to the left; each gate multiplies what arrives by its local derivative.",
        "So df/dx = 1 · {v t} · {v m} = {g x}: if the price rises by 1, you pay {g x} more.",
      ],
      try: "Press Next until the end and watch the blue values go right and the red gradients come back. Then move the slider of t: which gradients change, and which does not?",
      question: "How much more would you pay for each further apple: what is df/dm?",
      why: "1 · {v t} · {v x} = {g m}: the price of an apple with its tax.",
    },
    ko: {
      title: "사과 쇼핑",
      paragraphs: [
        "사과 한 개는 {v x}원이고 {v m}개를 사며, 소비세로 값이 {v t}배가 된다. 계산 그래프는 왼쪽에서 오른쪽으로 지불할 금액 {out}원을 구한다. 이것이 순전파이다.",
        "사과 값이 조금 오르면 지불할 금액은 얼마나 늘어날까? 역전파는 모든 입력에 대해 이 물음에 한꺼번에 답한다. 결과에서 1로 시작해 왼쪽으로 게이트를 하나씩 거슬러 가며, 게이트마다 상류에서 온 값에 국소 미분을 곱한다.",
        "그래서 df/dx = 1 · {v t} · {v m} = {g x}이다. 사과 값이 1원 오르면 {g x}원을 더 낸다.",
      ],
      try: "‘다음’을 끝까지 눌러 파란 값이 오른쪽으로 가고 붉은 기울기가 되돌아오는 모습을 보자. 그런 다음 t의 슬라이더를 움직여 보자. 어떤 기울기가 변하고 어떤 기울기는 변하지 않는가?",
      question: "사과를 한 개 더 살 때마다 얼마를 더 내는가? df/dm은 얼마인가?",
      why: "1 · {v t} · {v x} = {g m}. 소비세를 더한 사과 한 개의 값이다.",
    },
  },
  {
    id: "gates",
    state: { e: "(a * n + o * k) * t", at: { a: 100, n: 2, o: 150, k: 3, t: 1.1 }, step: 0 },
    answer: "g k",
    en: {
      title: "Add and multiply gates",
      paragraphs: [
        "Now {v n} apples at {v a} and {v k} oranges at {v o}, with tax: {out}. Two kinds of gates do all the work.",
        "An add gate hands what arrives to both sides unchanged: its local derivatives are 1. Here the gate + receives {g a * n + o * k} and passes {g a * n} to the apples and {g o * k} to the oranges.",
        "A multiply gate swaps: each side gets what arrives times the value of the other side. So df/da = {g a * n} · {v n} = {g a}, and df/dn = {g a * n} · {v a} = {g n}.",
      ],
      try: "Go to the last step with ⇥. Click a, then o: each path lights up from its input to the result, and from the add gate on it is the same. Set n to 0: what happens to df/da, and why?",
      question: "What does the multiply gate of the oranges pass to k?",
      why: "{g o * k} arrives, the other side is o = {v o}: {g o * k} · {v o} = {g k}.",
    },
    ko: {
      title: "덧셈 게이트와 곱셈 게이트",
      paragraphs: [
        "이번에는 {v a}원짜리 사과 {v n}개와 {v o}원짜리 귤 {v k}개를 사고 소비세까지 내면 {out}원이다. 여기에는 두 가지 게이트만 쓰인다.",
        "덧셈 게이트는 상류에서 온 값을 양쪽에 그대로 흘려보낸다. 국소 미분이 1이기 때문이다. 여기서 + 게이트는 {g a * n + o * k}을(를) 받아 사과 쪽에 {g a * n}, 귤 쪽에 {g o * k}을(를) 보낸다.",
        "곱셈 게이트는 서로 바꾸어 곱한다. 한쪽에는 상류에서 온 값에 다른 쪽의 값을 곱해서 보낸다. 그래서 df/da = {g a * n} · {v n} = {g a}이고 df/dn = {g a * n} · {v a} = {g n}이다.",
      ],
      try: "⇥를 눌러 마지막 단계로 가자. a와 o를 차례로 눌러 보면 입력에서 결과까지의 경로가 밝아지는데, 덧셈 게이트부터는 같은 길이다. n을 0으로 바꾸면 df/da는 어떻게 되는가? 왜 그런가?",
      question: "귤의 곱셈 게이트는 k 쪽으로 얼마를 보내는가?",
      why: "상류에서 {g o * k}이(가) 오고 다른 쪽은 o = {v o}이므로 {g o * k} · {v o} = {g k}이다.",
    },
  },
  {
    id: "twice",
    state: { e: "x * x + 2 * x", at: { x: 3 }, tab: "paths" },
    answer: "g x",
    en: {
      title: "A value used twice",
      paragraphs: [
        "Here x = {v x} goes into three places: twice into the first multiply gate and once into the second. A small change of x reaches the result on all three ways at once.",
        "Each use sends its own gradient back, and they are added up: {v x} and {v x} from x · x, and 2 from 2 · x.",
        "That is the rule people forget most often: a value that is used several times gets the sum of what its uses pass back. On the picture a Σ stands below it.",
      ],
      try: "Click x and look at the shares of its paths. Move x to −1: the uses cancel, and the gradient is 0 at the bottom of the parabola.",
      question: "What is df/dx at the present x?",
      why: "Add up the uses: {v x} + {v x} + 2 = {g x}, the derivative 2x + 2.",
    },
    ko: {
      title: "두 번 쓰인 값",
      paragraphs: [
        "여기서 x = {v x}은(는) 세 곳에 쓰인다. 첫째 곱셈 게이트에 두 번, 둘째 곱셈 게이트에 한 번이다. x가 조금 변하면 세 갈래로 한꺼번에 결과에 전해진다.",
        "쓰인 곳마다 기울기를 따로 돌려보내고, 그것을 모두 더한다. x · x에서 {v x}과(와) {v x}, 2 · x에서 2가 온다.",
        "가장 자주 잊는 규칙이 바로 이것이다. 여러 번 쓰인 값의 기울기는 쓰인 곳마다 돌려보낸 기울기의 합이다. 그림에서는 그 아래에 Σ가 붙는다.",
      ],
      try: "x를 눌러 경로마다의 몫을 보자. x를 −1로 옮기면 서로 상쇄되어 포물선의 바닥에서 기울기가 0이 된다.",
      question: "지금의 x에서 df/dx는 얼마인가?",
      why: "쓰인 곳을 모두 더하면 {v x} + {v x} + 2 = {g x}, 곧 도함수 2x + 2의 값이다.",
    },
  },
  {
    id: "sigmoid",
    state: { e: "sigmoid(w * x + b)", at: { w: 4, x: 1, b: 2 }, target: 0, tab: "curve", sweep: "b" },
    ranges: { b: [-10, 5] },
    answer: { choice: 1 },
    en: {
      title: "The sigmoid, and why it stops learning",
      paragraphs: [
        "The sigmoid turns any number into one between 0 and 1. Here it gives y = {out}, and the target is {target}. One would expect that the farther it is off, the faster it learns.",
        "But the error y − t is multiplied by the sigmoid's local derivative y · (1 − y), here {l sigmoid(w * x + b)}: that makes dL/db = {g b}. Where y is close to 0 or 1 the curve is flat and this factor is tiny: the unit is saturated. So it is at the start, with b = 2: y is 0.9975, nearly as wrong as it can be, and dL/db only 0.00246.",
        "At its steepest, in the middle, the derivative is 0.25. So every sigmoid on the way makes a gradient at least four times smaller, the weights aside: after ten layers less than a millionth is left.",
      ],
      try: "Move b slowly down to −4 and watch the curve, the tangent and dL/db. Where is the gradient largest?",
      question: "Why does the unit learn so slowly where b = 2?",
      choices: ["Because its error is small.", "Because its local derivative y · (1 − y) is small.", "Because x is small."],
      why: "The error y − t is large there, but it is multiplied by y · (1 − y), which is nearly 0.",
    },
    ko: {
      title: "시그모이드, 그리고 학습이 멈추는 까닭",
      paragraphs: [
        "시그모이드는 어떤 수든 0과 1 사이의 수로 바꾼다. 여기서 출력은 y = {out}이고 목표는 {target}이다. 많이 틀릴수록 빨리 배울 것 같다.",
        "그런데 오차 y − t에는 시그모이드의 국소 미분 y · (1 − y)가 곱해진다. 여기서는 이 값이 {l sigmoid(w * x + b)}이어서 dL/db = {g b}이다. y가 0이나 1에 가까우면 곡선이 평평해서 이 인수가 아주 작다. 이런 상태를 포화라고 한다. 처음의 b = 2가 그렇다. y가 0.9975로 더 틀리기도 어려운데 dL/db는 0.00246밖에 안 된다.",
        "가장 가파른 한가운데에서도 미분은 0.25이다. 그래서 가중치를 빼고 보면 시그모이드를 하나 지날 때마다 기울기는 4분의 1 아래로 줄어들고, 열 층을 지나면 백만분의 1도 남지 않는다.",
      ],
      try: "b를 −4까지 천천히 내리면서 곡선과 접선, dL/db를 보자. 기울기는 어디에서 가장 큰가?",
      question: "b = 2에서 이 뉴런은 왜 이렇게 느리게 학습하는가?",
      choices: ["오차가 작아서", "국소 미분 y · (1 − y)가 작아서", "x가 작아서"],
      why: "그곳에서 오차 y − t는 크지만, 거기에 0에 가까운 y · (1 − y)가 곱해진다.",
    },
  },
  {
    id: "relu",
    state: { e: "relu(w * x + b)", at: { w: -2, x: 1, b: 1 }, target: 2, tab: "curve", sweep: "b" },
    ranges: { b: [-2, 6] },
    answer: "g b",
    en: {
      title: "ReLU",
      paragraphs: [
        "ReLU lets a positive number through and makes everything else 0. Its local derivative is 1 where it is on and 0 where it is off.",
        "Here w · x + b = {v w * x + b}, so ReLU gives {out}; the target is {target}. As long as w · x + b is not above 0 the gate is closed: whatever arrives from above is multiplied by 0. At present dL/dw = {g w} and dL/db = {g b}.",
        "Where it is open it passes the gradient on whole: unlike the sigmoid it does not make it smaller. That is why deep networks use it.",
      ],
      try: "Raise b beyond 2. The gate opens, and the gradient jumps from 0 to y − t, nearly −2. Step through it again with ⇤ and Next.",
      question: "What is dL/db now?",
      why: "The error y − t = {out} − {target} arrives; an open gate passes it on as it is, a closed one passes on 0. Here: {g b}.",
    },
    ko: {
      title: "ReLU",
      paragraphs: [
        "ReLU는 양수를 그대로 통과시키고 나머지는 모두 0으로 만든다. 국소 미분은 켜져 있으면 1, 꺼져 있으면 0이다.",
        "여기서는 w · x + b = {v w * x + b}이므로 ReLU의 출력은 {out}이고, 목표는 {target}이다. w · x + b가 0보다 크지 않으면 문이 닫혀 있어, 상류에서 무엇이 오든 0이 곱해진다. 지금은 dL/dw = {g w}, dL/db = {g b}이다.",
        "켜져 있을 때에는 기울기를 줄이지 않고 그대로 흘려보낸다. 시그모이드와 다른 점이며, 깊은 신경망에서 ReLU를 쓰는 까닭이다.",
      ],
      try: "b를 2보다 크게 올려 보자. 문이 열리고 기울기가 0에서 y − t, 곧 −2 가까이로 뛴다. ⇤와 ‘다음’으로 한 단계씩 다시 따라가 보자.",
      question: "지금 dL/db는 얼마인가?",
      why: "상류에서 오차 y − t = {out} − {target}이(가) 온다. 문이 열려 있으면 그대로, 닫혀 있으면 0이 흐른다. 여기서는 {g b}이다.",
    },
  },
];
