using Messaging.Contracts.Handlers;

namespace OwnWorker;

/// <summary>Runs <c>text.count-words</c>.</summary>
public sealed class CountWordsHandler : ITaskHandler<CountWords, WordCount>
{
    public Task<WordCount> HandleAsync(CountWords input, TaskContext context, CancellationToken cancellationToken)
    {
        var words = input.Text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        context.ReportProgress(50, $"{words.Length} words found");
        var counted = words.Where(word => input.Except?.Contains(word) != true).ToArray();
        if (counted.Length == 0)
            throw new NonRetryableException("There is no word in the text.", code: "no-words");
        return Task.FromResult(new WordCount(counted.Length, counted.MaxBy(word => word.Length)!));
    }
}
