import java.io.File;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import search.toller.builtin.Builtin;
import search.toller.mobile.Cancel;
import search.toller.mobile.Document;
import search.toller.mobile.Documents;
import search.toller.mobile.Entries;
import search.toller.mobile.Entry;
import search.toller.mobile.Explanation;
import search.toller.mobile.Hit;
import search.toller.mobile.Index;
import search.toller.mobile.IndexOptions;
import search.toller.mobile.Mobile;
import search.toller.mobile.Model;
import search.toller.mobile.Query;
import search.toller.mobile.Ranking;
import search.toller.mobile.Result;
import search.toller.mobile.Results;
import search.toller.mobile.SearchOptions;
import search.toller.mobile.Span;
import search.toller.mobile.Spans;
import search.toller.mobile.Texts;

/** Runs what gobind made through its own JNI code. It ends at the first failure. */
public final class BindingTest {
	private static final String QUESTION = "What is the capital of France?";
	private static final String[] ANIMALS = {
		"Bananas are rich in potassium.", "Paris is the capital of France.", "Berlin is the capital of Germany.",
	};

	private static Model model;
	private static Path folder;

	public static void main(String[] args) throws Exception {
		try {
			test(args);
		} catch (Throwable t) {
			t.printStackTrace();
			System.exit(1);
		}
	}

	private static void test(String[] args) throws Exception {
		folder = Files.createTempDirectory("toller");
		Mobile.setTempFolder(folder.toString());
		opens(args[0]);
		ranks();
		encodes();
		offsets();
		indexes();
		callbacks();
		cancels();
		errors();
		calls(Integer.parseInt(args[1]));
		model.close();
		refused(Mobile.KindClosed, () -> model.encodeQuery("q", null));
		System.out.println("binding: all passed");
		// Go's threads that have called back stay attached, and the JVM would wait for them.
		System.exit(0);
	}

	private static void opens(String packed) throws Exception {
		check(Mobile.hasBuiltin() && !Mobile.version().isEmpty(), "the embedded model and a version");
		model = Mobile.openBuiltin(null);
		check(model.name().equals(Builtin.name()) && model.dim() > 0, model.name());
		Model file = Mobile.open(packed, Mobile.newModelOptions());
		check(file.fingerprint().equals(model.fingerprint()), "the same model from a file");
		byte[] bytes = Files.readAllBytes(Path.of(packed));
		Model copied = Mobile.openBytes("mine", bytes, null);
		Arrays.fill(bytes, (byte) 0);
		check(Arrays.equals(copied.encodeQuery(QUESTION, null).vectors(), file.encodeQuery(QUESTION, null).vectors()), "vectors of copied bytes");
		copied.close();
		file.close();
		System.out.println("opens");
	}

	private static void ranks() throws Exception {
		Ranking r = model.rank(QUESTION, texts(ANIMALS), 2, null, null);
		Hit first = r.at(0);
		check(r.len() == 2 && first.getIndex() == 1 && first.getMean() > 0 && !first.getTruncated(), first.toString());
		ByteBuffer b = ByteBuffer.wrap(r.packed()).order(ByteOrder.LITTLE_ENDIAN);
		check(b.remaining() == 32 && b.getInt(0) == 1 && b.getFloat(4) == (float) first.getScore(), "packed hits");
		System.out.println("ranks");
	}

	private static void encodes() throws Exception {
		Query q = Mobile.readQuery(model.encodeQuery(QUESTION, null).bytes());
		Documents encoded = model.encodeDocuments(texts(ANIMALS), null, null);
		Documents again = new Documents();
		for (long i = 0; i < encoded.len(); i++) {
			Document d = Mobile.readDocument(encoded.at(i).bytes());
			check(d.vectors().length == 4 * d.len() * d.dim(), "bytes of vectors");
			again.add(d);
		}
		byte[] ranked = model.rank(QUESTION, texts(ANIMALS), 0, null, null).packed();
		check(Arrays.equals(ranked, Mobile.rankEncoded(q, again, 0).packed()), "the same scores after a round trip");
		System.out.println("encodes");
	}

	/** Highlights behind characters of one to four bytes, and behind broken strings. */
	private static void offsets() throws Exception {
		for (String before : new String[] {"", "Grüße! ", "日本語。", "😀🧬 👩‍👩‍👧 ", "\ud83d lone ", "lone \ude00 ", "a\u0000b "}) {
			String text = before + "Paris is the capital of France.";
			Explanation e = model.explain(QUESTION, text, 0, null);
			StringBuilder words = new StringBuilder();
			Spans marks = e.highlights();
			ByteBuffer b = ByteBuffer.wrap(marks.packed()).order(ByteOrder.LITTLE_ENDIAN);
			for (long i = 0; i < marks.len(); i++) {
				Span s = marks.at(i);
				check(b.getInt() == s.getStart() && b.getInt() == s.getEnd() && b.getFloat() == (float) s.getWeight(), "packed spans");
				words.append(text, (int) s.getStart(), (int) s.getEnd()).append(' ');
			}
			check(words.toString().contains("capital"), before + ": " + words);
			int start = (int) e.getPassageStart();
			check(text.startsWith("capital", text.indexOf("capital")) && start + e.getPassage().length() <= text.length(), "passage");
		}
		System.out.println("offsets");
	}

	private static void indexes() throws Exception {
		Index x = Mobile.openIndex(folder.resolve("notes.db").toString(), model, null, null);
		Entries entries = new Entries();
		Entry france = new Entry("france", "😀 Some words first. Paris is the capital of France.");
		france.setTitle("France 🇫🇷");
		france.setMetadata("{\"year\":2020}");
		france.setTime(1577836800000L);
		entries.add(france);
		entries.add(new Entry("bananas", ANIMALS[0]));
		AtomicInteger reports = new AtomicInteger();
		check(x.put(entries, (done, total) -> reports.incrementAndGet(), null) == 2 && reports.get() > 0, "two stored, with reports");
		SearchOptions o = new SearchOptions();
		o.setEvidence(true);
		o.setWhere("year >= 2000");
		Results found = x.search(QUESTION, o, null);
		Result first = found.at(0);
		check(found.len() == 1 && first.getKey().equals("france") && first.getTitle().equals("France 🇫🇷"), first.toString());
		Spans marks = first.highlights();
		StringBuilder words = new StringBuilder();
		for (long i = 0; i < marks.len(); i++) {
			words.append(first.getSnippet(), (int) marks.at(i).getStart(), (int) marks.at(i).getEnd()).append(' ');
		}
		check(words.toString().contains("capital"), words.toString());
		check(first.explain().len() > 0, "evidence");
		Span place = x.locate(first, null);
		check(x.get("france", null).getText().substring((int) place.getStart(), (int) place.getEnd()).equals(first.getText()), "the place of the passage");
		Texts keys = new Texts();
		keys.add("bananas");
		check(x.delete(keys, null) == 1 && x.keys("", null).len() == 1 && x.stat(null).getDocuments() == 1, "one deleted");
		refused(Mobile.KindNotFound, () -> x.get("bananas", null));
		check(x.check(null, null).len() == 0, "a clean file");
		x.compact(null, null);
		x.close();
		IndexOptions read = new IndexOptions();
		read.setReadOnly(true);
		Index words1 = Mobile.openIndex(x.path(), null, read, null);
		check(words1.search("capital", null, null).len() == 1, "found by words");
		refused(Mobile.KindReadOnly, () -> words1.delete(keys, null));
		words1.close();
		System.out.println("indexes");
	}

	private static void callbacks() throws Exception {
		AtomicInteger done = new AtomicInteger();
		model.rank(QUESTION, texts(ANIMALS), 0, (n, total) -> {
			check(total == 3 && n == done.incrementAndGet(), "reports in order");
		}, null);
		check(done.get() == 3, "three reports");
		IllegalStateException mine = new IllegalStateException("enough");
		try {
			model.rank(QUESTION, texts(ANIMALS), 0, (n, total) -> {
				throw mine;
			}, null);
			check(false, "the callback's exception is lost");
		} catch (Exception e) {
			check(e == mine, "expected the callback's own exception, found " + e);
		}
		System.out.println("callbacks");
	}

	private static void cancels() throws Exception {
		Cancel c = new Cancel();
		CountDownLatch started = new CountDownLatch(1);
		AtomicReference<Exception> thrown = new AtomicReference<>();
		Texts long500 = new Texts();
		for (int i = 0; i < 500; i++) {
			long500.add("Paris is the capital of France. ".repeat(40) + i);
		}
		Thread t = new Thread(() -> {
			try {
				model.rank(QUESTION, long500, 0, (n, total) -> started.countDown(), c);
			} catch (Exception e) {
				thrown.set(e);
			}
		});
		t.start();
		started.await();
		long began = System.nanoTime();
		c.cancel();
		t.join();
		long took = (System.nanoTime() - began) / 1_000_000;
		check(thrown.get() != null && Mobile.kind(thrown.get()).equals(Mobile.KindCancelled) && c.cancelled(), "cancelled: " + thrown.get());
		check(took < 2000, "cancelled after " + took + " ms");
		System.out.println("cancels, after " + took + " ms");
	}

	private static void errors() throws Exception {
		refused(Mobile.KindOther, () -> Mobile.open(folder.toString(), null));
		refused(Mobile.KindNotFound, () -> {
			IndexOptions read = new IndexOptions();
			read.setReadOnly(true);
			Mobile.openIndex(folder.resolve("none.db").toString(), model, read, null);
		});
		refused(Mobile.KindOther, () -> model.rank("q", texts("a"), -1, null, null));
		refused(Mobile.KindOther, () -> Mobile.readQuery(new byte[] {1, 2, 3}));
		refused(Mobile.KindOther, () -> Mobile.readDocument(null));
		refused(Mobile.KindOther, () -> Mobile.rankEncoded(null, null, 0));
		refused(Mobile.KindOther, () -> new Ranking().at(0));
		refused(Mobile.KindOther, () -> Mobile.setMemory("huge"));
		refused(Mobile.KindClosed, () -> new Model().encodeQuery("q", null));
		refused(Mobile.KindClosed, () -> new Index().search("q", null, null));
		check(Mobile.kind(new Exception("not ours")).equals(Mobile.KindOther), "a foreign exception");
		System.out.println("errors");
	}

	/** Many calls of each kind: what they leave in memory must not grow with their number. */
	private static void calls(int n) throws Exception {
		Index x = Mobile.openIndex(folder.resolve("notes.db").toString(), model, null, null);
		round(x, n / 10);
		long before = settled();
		round(x, n);
		long after = settled();
		x.close();
		System.out.printf("calls: %d, resident %d kB before, %d kB after%n", n, before, after);
		check(after - before < 8_000, "memory grew by " + (after - before) + " kB");
	}

	private static void round(Index x, int n) throws Exception {
		Texts two = texts(ANIMALS[0], "Paris 😀 is the capital of France.");
		for (int i = 0; i < n; i++) {
			switch (i % 5) {
				case 0 -> model.rank(QUESTION, two, 0, (done, total) -> { }, new Cancel()).at(0).getScore();
				case 1 -> x.search("capital", null, null).at(0).highlights().packed();
				case 2 -> Mobile.readQuery(model.encodeQuery(QUESTION, null).bytes()).vectors();
				case 3 -> refused(Mobile.KindNotFound, () -> x.get("none", null));
				default -> model.explain(QUESTION, ANIMALS[1], 0, null).at(0).documentSpans().len();
			}
		}
	}

	/** The process's memory in kB, once what nobody uses is given back. */
	private static long settled() throws Exception {
		for (int i = 0; i < 3; i++) {
			System.gc();
			Thread.sleep(300); // for gobind's reference queue
			Mobile.trim();
		}
		for (String line : Files.readAllLines(Path.of("/proc/self/status"), StandardCharsets.UTF_8)) {
			if (line.startsWith("VmRSS:")) {
				return Long.parseLong(line.replaceAll("\\D", ""));
			}
		}
		throw new IllegalStateException("no VmRSS");
	}

	private interface Call {
		void run() throws Exception;
	}

	private static void refused(String kind, Call call) {
		try {
			call.run();
		} catch (Exception e) {
			check(Mobile.kind(e).equals(kind) && !e.getMessage().isEmpty(), "expected an error of kind " + kind + ", found " + Mobile.kind(e) + ": " + e.getMessage());
			return;
		}
		check(false, "expected an error of kind " + kind + ", found none");
	}

	private static Texts texts(String... list) {
		Texts t = new Texts();
		for (String text : list) {
			t.add(text);
		}
		return t;
	}

	private static void check(boolean holds, String what) {
		if (!holds) {
			throw new AssertionError(what);
		}
	}
}
