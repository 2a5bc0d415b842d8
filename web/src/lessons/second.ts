// Chapters 6 to 10: layers and learning.

import type { Lesson } from "./lesson";

export const SECOND: Lesson[] = [
  {
    id: "softmax",
    state: { e: "x", at: { x: [2, 1, 0.1] }, cross_entropy: 0 },
    ranges: { "x:0": [-10, 10], "x:1": [-10, 10], "x:2": [-10, 10] },
    answer: { choice: 2 },
    en: {
      title: "Softmax with loss, and y − t",
      paragraphs: [
        "A network that tells classes apart ends in scores, here x = {v x}. Softmax turns them into probabilities y that add up to 1, and the cross-entropy is −ln of the probability of the right class: {loss}.",
        "However complicated that looks, what comes back is simple: the gradient of the scores is y − t, the probabilities minus the target, which is 1 for the right class and 0 for the others. Here it is {g x}.",
        "The error itself goes back. The loss was chosen so that this happens: its logarithm undoes the exponential of the softmax.",
      ],
      try: "Type another target class, 1 or 2. Then pick the score of that class and raise it with its slider to 10: its gradient comes close to 0.",
      question: "What do the three gradients always add up to?",
      choices: ["1", "the loss", "0"],
      why: "The probabilities add up to 1, and so does the target: the difference adds up to 0.",
    },
    ko: {
      title: "소프트맥스와 손실, 그리고 y − t",
      paragraphs: [
        "분류하는 신경망의 마지막에는 점수가 나온다. 여기서는 x = {v x}이다. 소프트맥스는 이것을 모두 더해 1이 되는 확률 y로 바꾸고, 교차 엔트로피는 정답 클래스의 확률에 −ln을 씌운 값 {loss}이다.",
        "복잡해 보여도 되돌아오는 것은 간단하다. 점수의 기울기는 y − t, 곧 확률에서 정답을 뺀 값이다. 정답 t는 맞는 클래스에서 1, 나머지에서 0이다. 여기서는 {g x}이다.",
        "오차가 그대로 뒤로 흐르는 셈이다. 우연이 아니라 그렇게 되도록 손실을 고른 것이다. 손실의 로그가 소프트맥스의 지수를 되돌린다.",
      ],
      try: "정답 클래스를 1이나 2로 바꾸어 보자. 그런 다음 그 클래스의 점수를 골라 슬라이더로 10까지 올리면 그 기울기가 0에 가까워진다.",
      question: "세 기울기를 더하면 언제나 얼마인가?",
      choices: ["1", "손실", "0"],
      why: "확률의 합도 1이고 정답의 합도 1이므로, 그 차의 합은 0이다.",
    },
  },
  {
    id: "affine",
    state: { e: "y = x @ w + b; sum(y)", at: { x: [[1, 2], [3, 4]], w: [[1, -1, 0.5], [0.5, 2, -2]], b: [0.1, 0.2, 0.3] } },
    answer: { choice: 1 },
    en: {
      title: "Affine with a batch",
      paragraphs: [
        "A layer multiplies a whole batch at once: x has a row for each example, w a column for each unit, and b is added to every row. y = x @ w + b has 2 rows and 3 columns.",
        "Backward the same rules hold, written for arrays: dx = dy · wᵀ and dw = xᵀ · dy. The shapes leave no other choice: a gradient always has the shape of its value.",
        "b was added to both rows, so it was used twice: its gradient is the sum over the rows, the column sums of dy: {g b}.",
      ],
      try: "Click an element of x and move its slider: which elements of dw change? Look at the step of the product gate for the rule.",
      question: "With 10 examples in the batch instead of 2, what shape has the gradient of b?",
      choices: ["10 × 3", "3, as b itself", "10"],
      why: "A gradient has the shape of its value: the ten rows of dy are added up.",
    },
    ko: {
      title: "배치용 어파인 계층",
      paragraphs: [
        "한 계층은 배치 전체를 한꺼번에 곱한다. x의 행은 예제마다 하나, w의 열은 뉴런마다 하나이고, b는 모든 행에 더해진다. y = x @ w + b는 2행 3열이다.",
        "역전파의 규칙도 같으며 배열로 쓰면 dx = dy · wᵀ, dw = xᵀ · dy이다. 모양을 맞추어 보면 다른 방법이 없다. 기울기의 모양은 언제나 그 값의 모양과 같다.",
        "b는 두 행에 더해졌으니 두 번 쓰인 값이다. 그래서 기울기는 행에 대한 합, 곧 dy의 열마다의 합 {g b}이다.",
      ],
      try: "x의 원소를 하나 고르고 슬라이더를 움직여 보자. dw의 어느 원소가 변하는가? 행렬 곱 게이트의 단계에서 규칙을 확인하자.",
      question: "배치의 예제가 2개가 아니라 10개라면 b의 기울기는 어떤 모양인가?",
      choices: ["10 × 3", "b와 같은 3", "10"],
      why: "기울기의 모양은 값의 모양과 같다. dy의 열 행을 모두 더하기 때문이다.",
    },
  },
  {
    id: "network",
    state: {
      e: "h = sigmoid(x @ w1 + b1); h @ w2 + b2", cross_entropy: 1,
      at: { x: [1, 0.5], w1: [[0.1, 0.3, 0.5], [0.2, 0.4, 0.6]], b1: [0.1, 0.2, 0.3], w2: [[0.1, 0.4], [0.2, 0.5], [0.3, 0.6]], b2: [0.1, 0.2] },
    },
    answer: { choice: 0 },
    en: {
      title: "A network of two layers",
      paragraphs: [
        "Affine, sigmoid, affine, softmax with loss: nothing is new, only more of it. The hidden layer gives h = {v h}, and the loss against class {target} is {loss}.",
        "Backward the error y − t = {g b2} enters the second layer. It becomes the gradient of w2 and b2, and through w2 that of h = {g h}. The sigmoid makes it smaller, and what is left reaches w1 and b1.",
        "Each layer only needs what arrives from above and what it has computed itself. That is why networks of a hundred layers work by the same few rules.",
      ],
      try: "Compare the gradients of b2 and b1: how much smaller is the second? Change an element of w2 and see which gradients of the first layer move.",
      question: "Which value never stands as a factor on the way back to w1?",
      choices: ["b2", "w2", "x"],
      why: "The gradient passes through w2 and the sigmoid and is multiplied by x. b2 is added: its value plays no part in any local derivative on the way; it only shifts the error y − t.",
    },
    ko: {
      title: "2층 신경망",
      paragraphs: [
        "어파인, 시그모이드, 어파인, 소프트맥스와 손실. 새로운 것은 없고 수가 많아졌을 뿐이다. 은닉층은 h = {v h}을(를) 내고, 정답 클래스 {target}에 대한 손실은 {loss}이다.",
        "역전파에서는 오차 y − t = {g b2}이(가) 둘째 층으로 들어온다. 이것이 w2와 b2의 기울기가 되고, w2를 지나 h의 기울기 {g h}이(가) 된다. 시그모이드를 지나며 작아지고, 남은 것이 w1과 b1에 이른다.",
        "각 층에 필요한 것은 상류에서 온 기울기와 자신이 계산해 둔 값뿐이다. 그래서 백 층짜리 신경망도 같은 몇 가지 규칙으로 움직인다.",
      ],
      try: "b2와 b1의 기울기를 비교해 보자. 뒤의 것은 얼마나 더 작은가? w2의 원소를 바꾸면 첫째 층의 어떤 기울기가 움직이는가?",
      question: "w1의 기울기를 구하는 길에서 국소 미분으로 쓰이지 않는 것은?",
      choices: ["b2", "w2", "x"],
      why: "기울기는 w2와 시그모이드를 지나고 x가 곱해진다. b2는 더해질 뿐이어서 그 값이 국소 미분에 나타나지 않으며, 오차 y − t를 옮길 따름이다.",
    },
  },
  {
    id: "numerical",
    state: { e: "0.01 * x ^ 2 + 0.1 * x", at: { x: 5 }, tab: "what-if" },
    nudges: { x: 0.001 },
    answer: "g x",
    tolerance: 1e-6,
    en: {
      title: "Numerical against analytic gradient",
      paragraphs: [
        "There is another way to a gradient: change x a little, look what really happens, and divide. With a change of {d x} the result changes by {t x}; the quotient is {q x}.",
        "The backward pass gives {g x}. The smaller the change, the less the two differ: the rest comes from the curve's bend. Only a change so tiny that rounding drowns it makes the quotient worse again.",
        "The numerical gradient needs a whole forward pass for every single input; the backward pass gives all of them at once. So one trains with the second, and checks it with the first.",
      ],
      try: "In the what-if table make the change 1, then 0.1, then 0.0001. Which column comes close to which?",
      question: "What is the exact gradient at the present x, as the backward pass gives it?",
      why: "The derivative is 0.02 · x + 0.1 = {g x}.",
    },
    ko: {
      title: "수치 미분과 해석적 기울기",
      paragraphs: [
        "기울기를 구하는 다른 방법이 있다. x를 조금 바꾸고 실제로 얼마나 변하는지 보아서 나누는 것이다. {d x}만큼 바꾸면 결과는 {t x}만큼 변하므로 나눈 값은 {q x}이다. 이것이 수치 미분이다.",
        "역전파로 구한 기울기는 {g x}이다. 변화를 줄일수록 두 값의 차이는 작아진다. 남는 차이는 곡선이 굽은 데에서 온다. 다만 변화가 반올림에 묻힐 만큼 작으면 몫이 다시 나빠진다.",
        "수치 미분은 입력 하나마다 순전파를 새로 해야 하지만 역전파는 모든 기울기를 한 번에 구한다. 그래서 학습에는 역전파를 쓰고, 그것이 맞는지는 수치 미분으로 확인한다.",
      ],
      try: "‘만약 바꾼다면?’ 표에서 변화를 1, 0.1, 0.0001로 바꾸어 보자. 어느 열이 어느 열에 가까워지는가?",
      question: "지금의 x에서 역전파가 주는 정확한 기울기는?",
      why: "도함수는 0.02 · x + 0.1 = {g x}이다.",
    },
  },
  {
    id: "learning",
    state: { e: "w * 2 + b", at: { w: 0.5, b: 0 }, target: 3, tab: "down" },
    rate: 0.05,
    answer: { choice: 0 },
    en: {
      title: "The four steps of learning",
      paragraphs: [
        "One: take examples; here a single one, where 2 goes in and {target} shall come out. Two: compute the loss and its gradients: L = {loss}, dL/dw = {g w}, dL/db = {g b}. Three: move every parameter a little against its gradient. Four: again, with the next examples.",
        "How little is the learning rate, here {rate}. After one step the loss is {after}.",
        "A larger rate goes faster, up to a point. Beyond {limit} a step jumps over the valley and lands higher than it began: the loss grows.",
      ],
      try: "Move the learning rate slowly up. Find the rate at which a single step is enough, and the one from which the loss grows.",
      question: "Where the gradient of w is negative, which way does a step move w?",
      choices: ["Up", "Down", "Not at all"],
      why: "A step goes against the gradient: w minus something negative is larger than w.",
    },
    ko: {
      title: "학습의 네 단계",
      paragraphs: [
        "1단계, 예제를 고른다. 여기서는 2를 넣으면 {target}이(가) 나와야 하는 예제 하나이다. 2단계, 손실과 기울기를 구한다. L = {loss}, dL/dw = {g w}, dL/db = {g b}이다. 3단계, 매개변수를 기울기의 반대쪽으로 조금 옮긴다. 4단계, 다음 예제로 되풀이한다.",
        "얼마나 조금 옮길지가 학습률이며 여기서는 {rate}이다. 한 걸음 뒤의 손실은 {after}이다.",
        "학습률이 크면 더 빨리 가지만 한계가 있다. {limit}을(를) 넘으면 한 걸음에 골짜기를 뛰어넘어 처음보다 높은 곳에 닿고, 손실이 커진다.",
      ],
      try: "학습률을 천천히 올려 보자. 한 걸음에 바닥에 닿는 학습률과, 손실이 커지기 시작하는 학습률을 찾아보자.",
      question: "w의 기울기가 음수일 때 한 걸음에 w는 어느 쪽으로 움직이는가?",
      choices: ["커진다", "작아진다", "그대로이다"],
      why: "기울기의 반대쪽으로 간다. 음수를 빼면 w는 커진다.",
    },
  },
];
