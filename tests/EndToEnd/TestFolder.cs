using System.Globalization;
using Messaging.Tests.Support.Processes;

namespace Messaging.Tests.EndToEnd;

/// <summary>A folder of one test, where it and the test worker's handlers leave files for each other.</summary>
internal sealed class TestFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("messaging-test-");

    /// <summary>Where handlers leave their lines.</summary>
    public string Trail => File("trail");

    public string File(string name) => Path.Combine(_folder.FullName, name);

    /// <summary>Makes an empty file, for handlers that wait until it is there.</summary>
    public void Touch(string name) => System.IO.File.WriteAllText(File(name), "");

    /// <summary>The lines on the trail that begin like that.</summary>
    public string[] Lines(string start) => System.IO.File.Exists(Trail)
        ? [.. System.IO.File.ReadAllLines(Trail).Where(line => line.StartsWith(start, StringComparison.Ordinal))]
        : [];

    /// <summary>Whether a line is of that worker: each ends with the id of its process.</summary>
    public static Func<string, bool> By(ConsumerProcess worker) =>
        line => line.EndsWith(string.Create(CultureInfo.InvariantCulture, $" {worker.Process.Id}"), StringComparison.Ordinal);

    public void Dispose() => _folder.Delete(recursive: true);
}
