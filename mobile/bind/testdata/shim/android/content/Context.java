package android.content;

import java.io.File;

/** What gobind's code and the Kotlin library want of Android's Context, for the JDK. */
public class Context {
	public Context getApplicationContext() {
		return this;
	}

	public File getCacheDir() {
		return new File(System.getProperty("java.io.tmpdir"));
	}
}
